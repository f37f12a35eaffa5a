"""What belongs to a customer in any table, who may be one person twice, and what was merged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, Model, Q, QuerySet

from loyalty.models import Customer, CustomerAlias, CustomerMerge

# What is filled from the one that goes where the kept one has nothing.
FILLED = (
    "name", "age_group", "gender", "income_band", "household_type", "household_size", "location", "preferred_channel",
    "joined_on",
)  # fmt: skip
CANDIDATES_SHOWN = 12
LIKELY_SHOWN = 25
STANDING, UNDONE = "standing", "undone"
MERGE_STATES = {STANDING: "Still together", UNDONE: "Taken apart again"}
# Names under which shops keep what only one person has, in a form that does not tell it.
PERSONAL_MARKS = (
    "email_hash", "hashed_email", "email_sha256", "email_md5", "email",
    "phone_hash", "phone_sha256", "phone", "card_hash",
)  # fmt: skip
# Words in any order and without signs, so that "Byron, Ada" is "Ada Byron".
PLAIN_NAME = """
(SELECT string_agg(word, ' ' ORDER BY word) FROM regexp_split_to_table(lower({column}), '[^[:alnum:]]+') word
 WHERE word <> '')
"""
LIKELY = f"""
WITH marks AS (
    SELECT c.id, 'mark' AS kind, m.name || ':' || lower(c.attributes ->> m.name) AS mark
    FROM loyalty_customer c CROSS JOIN unnest(%(marks)s::text[]) m(name)
    WHERE COALESCE(c.attributes ->> m.name, '') <> ''
    UNION ALL
    SELECT c.id, 'name', {PLAIN_NAME.format(column="c.name")} || ' | ' || {PLAIN_NAME.format(column="c.location")}
    FROM loyalty_customer c WHERE c.name <> '' AND c.location <> ''
), pairs AS (
    SELECT first_value(id) OVER same AS kept_id, id AS gone_id, kind, mark
    FROM marks WHERE mark IS NOT NULL WINDOW same AS (PARTITION BY kind, mark ORDER BY id)
)
SELECT kept_id, gone_id, array_agg(DISTINCT kind || '=' || mark) FROM pairs WHERE kept_id <> gone_id
GROUP BY kept_id, gone_id ORDER BY count(*) DESC, kept_id, gone_id LIMIT %(limit)s
"""  # noqa: S608 - put together from our own text


@dataclass(frozen=True)
class Pointer:
    """A column that names a customer."""

    model: type[Model]
    field: "ForeignKey[Any, Any]"

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def column(self) -> str:
        return str(self.field.column)

    @property
    def key(self) -> str:
        key = self.model._meta.pk
        assert key is not None
        return str(key.column)

    @property
    def noun(self) -> str:
        return str(self.model._meta.verbose_name_plural)


@dataclass(frozen=True)
class Holding:
    """How many rows of a table belong to each of two customers."""

    noun: str
    kept: int
    gone: int


@dataclass(frozen=True)
class Detail:
    """One detail of two customers, and what it will be."""

    label: str
    kept: Any
    gone: Any

    @property
    def after(self) -> Any:
        return self.kept or self.gone

    @property
    def is_filled(self) -> bool:
        return bool(self.gone) and not self.kept


@dataclass(frozen=True)
class LikelyPair:
    """Two records that may be one person, and what says so."""

    kept: Customer
    gone: Customer
    evidence: tuple[str, ...]


@cache
def pointers() -> tuple[Pointer, ...]:
    """Every column of every app that names a customer. Views follow by themselves; a history keeps what it told."""
    return tuple(sorted(_pointers(), key=lambda one: (one.table, one.column)))


def _pointers() -> Iterator[Pointer]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            for field in model._meta.local_fields:
                # Without a constraint it is a note of a number, not a row that belongs to somebody.
                if isinstance(field, ForeignKey) and field.related_model is Customer and field.db_constraint:  # type: ignore[attr-defined]
                    yield Pointer(model, field)


def stored_columns(model: type[Model]) -> list[str]:
    """The columns that can be written; generated ones fill themselves."""
    fields: list[Field[Any, Any]] = [field for field in model._meta.concrete_fields if not field.generated]
    return [str(field.column) for field in fields]


def holdings(kept: Customer, gone: Customer) -> list[Holding]:
    """What each of two customers has, table by table; tables where the one that goes has nothing are left out."""
    found = []
    for pointer in pointers():
        counts = {
            one.pk: pointer.model._default_manager.filter(**{pointer.field.name: one}).count() for one in (kept, gone)
        }
        if counts[gone.pk]:
            found.append(Holding(pointer.noun, counts[kept.pk], counts[gone.pk]))
    return found


def details(kept: Customer, gone: Customer) -> list[Detail]:
    """What is known of either, side by side."""
    told = [Detail(_in_words(name), getattr(kept, name), getattr(gone, name)) for name in FILLED]
    names = sorted({*kept.attributes, *gone.attributes})
    own = [Detail(_in_words(name), kept.attributes.get(name), gone.attributes.get(name)) for name in names]
    return [detail for detail in (*told, *own) if detail.kept or detail.gone]


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def merge_candidates(customer: Customer, text: str) -> list[Customer]:
    """Others whose key begins so, or whose name holds it."""
    text = text.strip()
    if not text:
        return []
    matches = Q(external_id__istartswith=text) | Q(name__icontains=text)
    return list(Customer.objects.filter(matches).exclude(pk=customer.pk).order_by("pk")[:CANDIDATES_SHOWN])


def merge_list(*, state: str = "") -> QuerySet[CustomerMerge]:
    """All merges, or only those that hold, or only those that were undone."""
    found = merges()
    if state in MERGE_STATES:
        found = found.filter(undone_at__isnull=state == STANDING)
    return found


def merge_cells(found: QuerySet[CustomerMerge]) -> Iterator[list[Any]]:
    """What is written out of every merge."""
    for one in found.order_by("-pk").iterator(chunk_size=1000):
        people = [one.merged_by, one.undone_by]
        by, undone_by = (person.get_username() if person else "" for person in people)
        yield [one.gone_external_id, one.kept.external_id, one.reason, by, one.merged_at, undone_by, one.undone_at]


def merges() -> QuerySet[CustomerMerge]:
    return CustomerMerge.objects.select_related("kept", "merged_by", "undone_by").defer("gone_row")


def kept_key(external_id: str) -> str:
    """The key of the customer that a key means: its own, unless it was merged into another."""
    aliases = CustomerAlias.objects.filter(external_id=external_id)
    return aliases.values_list("customer__external_id", flat=True).first() or external_id


def merged_since(moment: datetime) -> bool:
    """Whether orders changed hands without one of them being new."""
    return CustomerMerge.objects.filter(Q(merged_at__gt=moment) | Q(undone_at__gt=moment)).exists()


def likely_pairs(limit: int = LIKELY_SHOWN) -> list[LikelyPair]:
    """Records that share a personal mark, or a name and a place. The older one would be kept."""
    with connection.cursor() as cursor:
        cursor.execute(LIKELY, {"marks": list(PERSONAL_MARKS), "limit": limit})
        rows = cursor.fetchall()
    people = Customer.objects.in_bulk({key for kept, gone, _ in rows for key in (kept, gone)})
    return [LikelyPair(people[kept], people[gone], _evidence(marks)) for kept, gone, marks in rows]


def _evidence(marks: Sequence[str]) -> tuple[str, ...]:
    told = []
    for mark in sorted(marks):
        kind, _, value = mark.partition("=")
        name = value.partition(":")[0].replace("_", " ")
        told.append("Same name and place" if kind == "name" else f"Same {name}")
    return tuple(dict.fromkeys(told))
