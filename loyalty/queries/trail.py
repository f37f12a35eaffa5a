"""Who changed what, as people read it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, DecimalField, Field, ForeignKey, Model, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst

from loyalty.models import AuditEntry

# Accounts, roles and keys: whoever may not see them in the administration does not see what became of them either.
ACCOUNT_TABLES = Q(table__startswith="auth_") | Q(table="loyalty_apikey")
EXACT = ("table", "object_id", "object_key", "actor_name", "via", "action")
EMPTY = "–"
LONGEST_VALUE = 200
LONGEST_NUMBER = 19


@dataclass(frozen=True)
class FieldChange:
    """One field, in people's words; `–` where there was nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One entry of the trail. `url` leads to what was changed, where it has a page and is still there."""

    entry: AuditEntry
    noun: str
    nouns: str
    fields: list[FieldChange]
    url: str

    @property
    def who(self) -> str:
        return self.entry.actor_name or "Rehearsal"


@dataclass(frozen=True)
class Chosen:
    """What somebody wants to see of the trail; empty means all."""

    table: str = ""
    object_id: str = ""
    object_key: str = ""
    actor_name: str = ""
    via: str = ""
    action: str = ""
    since: date | None = None
    transaction: str = ""


def change_list(chosen: Chosen, *, user: AbstractBaseUser | AnonymousUser) -> QuerySet[AuditEntry]:
    """Entries that match all that is chosen, for somebody who may see them."""
    given = {name: getattr(chosen, name) for name in EXACT if getattr(chosen, name)}
    found = AuditEntry.objects.filter(**given)
    if chosen.since is not None:
        midnight = datetime.combine(chosen.since, time.min, timezone.get_current_timezone())
        found = found.filter(at__gte=midnight)
    if chosen.transaction.isascii() and chosen.transaction.isdigit() and len(chosen.transaction) < LONGEST_NUMBER:
        found = found.filter(transaction=int(chosen.transaction))
    has_accounts = isinstance(user, PermissionsMixin) and user.has_perm("auth.view_user")
    return found if has_accounts else found.exclude(ACCOUNT_TABLES)


def tables() -> list[tuple[str, str]]:
    """Names of tables with what people call their rows, for choosing."""
    ours = [model for model in _models().values() if not getattr(model, "untracked", "")]
    named = {model._meta.db_table: _noun(model) for model in ours if not model._meta.auto_created}
    return sorted(named.items(), key=lambda pair: pair[1])


def changes(entries: Iterable[AuditEntry]) -> list[Change]:
    """For a page: names what references point to, with one question a table."""
    entries = list(entries)
    named, pages = _named(entries), _pages(entries)
    return [_change(entry, named, pages.get((entry.table, entry.object_id), "")) for entry in entries]


def exported_changes(entries: QuerySet[AuditEntry]) -> Iterator[list[object]]:
    """For a file: one row a field."""
    for entry in entries.iterator(chunk_size=500):
        told = _change(entry, {}, "")
        head = [entry.at, told.who, entry.get_via_display(), entry.api_key, entry.get_action_display(), told.noun]
        for field in told.fields or [FieldChange("", "", "")]:
            yield [*head, entry.object_key or entry.object_id, entry.n_rows, field.label, field.before, field.after,
                   entry.reason]  # fmt: skip


def _models() -> dict[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def _noun(model: type[Model]) -> str:
    return capfirst(str(model._meta.verbose_name))


Names = Mapping[tuple[type[Model], str], str]


def _change(entry: AuditEntry, named: Names, url: str) -> Change:
    model = _models().get(entry.table)
    before, after = entry.before or {}, entry.after or {}
    fields = [
        FieldChange(_label(model, name), _value(model, name, before, named), _value(model, name, after, named))
        for name in dict.fromkeys([*before, *after])
        if name != "id" and (before.get(name) or after.get(name) or entry.action == AuditEntry.Action.CHANGED)
    ]
    noun, nouns = (_noun(model), str(model._meta.verbose_name_plural)) if model else (entry.table, entry.table)
    return Change(entry, noun, nouns, fields, url)


def _field(model: type[Model] | None, column: str) -> "Field[Any, Any] | None":
    if model is None:
        return None
    try:
        found = model._meta.get_field(column.removesuffix("_id"))
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def _label(model: type[Model] | None, column: str) -> str:
    field = _field(model, column)
    return capfirst(str(field.verbose_name)) if field is not None else capfirst(column.replace("_", " "))


def _value(model: type[Model] | None, column: str, values: Mapping[str, Any], named: Names) -> str:
    value = values.get(column)
    if value is None or value == "":
        return EMPTY
    field = _field(model, column)
    if isinstance(field, ForeignKey):
        return named.get((field.related_model, str(value)), str(value))
    text = _text(field, value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _text(field: "Field[Any, Any] | None", value: Any) -> str:
    """As the trail holds it, JSON has neither money nor moments."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field, DecimalField) and isinstance(value, int | float):
        return f"{value:,.{field.decimal_places}f}"
    if isinstance(field, DateTimeField) and (moment := parse_datetime(str(value))) is not None:
        return f"{timezone.localtime(moment):%-d %b %Y, %H:%M %Z}"
    return str(dict(field.flatchoices).get(value, value) if field is not None and field.choices else value)


def _named(entries: list[AuditEntry]) -> Names:
    """What the foreign keys of these entries point to, one question a table."""
    wanted: dict[type[Model], set[str]] = defaultdict(set)
    for entry in entries:
        model = _models().get(entry.table)
        for column, value in [*(entry.before or {}).items(), *(entry.after or {}).items()]:
            field = _field(model, column)
            if isinstance(field, ForeignKey) and value is not None:
                wanted[field.related_model].add(str(value))
    return {
        (model, str(key)): str(row)
        for model, keys in wanted.items()
        for key, row in model._default_manager.in_bulk(list(keys)).items()
    }


def _pages(entries: list[AuditEntry]) -> dict[tuple[str, str], str]:
    """Where the changed rows are seen, for those that are still there and have a page."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        wanted[entry.table].add(entry.object_id)
    models = {table: model for table, model in _models().items() if table in wanted}
    return {
        (table, str(row.pk)): row.get_absolute_url()
        for table, model in models.items()
        if hasattr(model, "get_absolute_url")
        for row in model._default_manager.filter(pk__in=[key for key in wanted[table] if key])
    }
