"""Make one customer of two records of one person, in a way that can be taken back.

What points to the one that goes is found from the models of all apps, so a table that is added later moves, too. Where
both have a row that may exist once only, the kept customer's row stays and the other gives way; it is remembered whole.
The old key goes on to be understood, as an alias.

Forecasts stay as they were made: a ledger that changes with what we learn later is none. Audiences that were frozen
name the kept customer afterwards, once; counts of how many they reached may be one lower than when they were sent.
Whatever is computed as of a past moment sees one person with both pasts from now on, also before the merge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from loyalty.models import Customer, CustomerAlias, CustomerMerge, MergedRow
from loyalty.queries.merges import FILLED, Pointer, pointers, stored_columns
from loyalty.services.trail import because

KEEP_GONE = """
UPDATE loyalty_customermerge SET gone_row = (SELECT to_jsonb(c) FROM loyalty_customer c WHERE c.id = %s) WHERE id = %s
"""
LIST_ROWS = """
INSERT INTO loyalty_mergedrow (merge_id, "table", "column", row_id, came_later)
SELECT %s, %s, %s, "{key}"::text, false FROM "{table}" WHERE "{column}" = %s
RETURNING row_id
"""
MOVE = 'UPDATE "{table}" SET "{column}" = %s WHERE "{column}" = %s AND "{key}"::text = ANY(%s)'
GIVE_WAY = """
WITH removed AS (DELETE FROM "{table}" t WHERE "{column}" = %s AND "{key}"::text = %s RETURNING to_jsonb(t) AS row)
UPDATE loyalty_mergedrow SET gave_way = removed.row FROM removed
WHERE merge_id = %s AND "table" = %s AND "column" = %s AND row_id = %s
"""
# In the database from end to end: on the way through Python a number could lose its last digits.
BRING_BACK = """
INSERT INTO "{table}" ({columns})
SELECT {columns} FROM jsonb_populate_record(NULL::"{table}", (SELECT {kept_in} FROM {keeper} WHERE id = %s))
"""


class MergeRefused(Exception):
    """The two cannot be made one, or not be taken apart; the message says why."""


@dataclass(frozen=True)
class Undone:
    """What came of taking a merge back."""

    customer: Customer
    n_rows: int
    n_later: int
    n_lost: int


def merge_customers(
    *, kept: Customer, gone: Customer, by: User | None, at: datetime, reason: str = ""
) -> CustomerMerge:
    """Put everything of `gone` into `kept`. Raises MergeRefused with a sentence; then nothing has changed."""
    if kept.pk == gone.pk:
        raise MergeRefused("This is the same customer. Choose another one.")
    told = reason or f"{gone} and {kept} are one person."
    try:
        with transaction.atomic(), because(told):
            _wait_for_imports()
            return _merge(*_locked(kept, gone), by, at, reason)
    except IntegrityError as error:
        raise MergeRefused("Something else hangs on a row that would have to give way. Nothing was merged.") from error


def _wait_for_imports() -> None:
    """An import that is writing holds rows that we want, and wants the customer that we would hold."""
    for table in sorted({Customer._meta.db_table, *(pointer.table for pointer in pointers())}):
        _run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table])


def _locked(kept: Customer, gone: Customer) -> tuple[Customer, Customer]:
    """Both rows, ours until the end. In the order of their keys, so that two merges cannot wait for each other."""
    keys = sorted((kept.pk, gone.pk))
    found = {one.pk: one for one in Customer.objects.filter(pk__in=keys).order_by("pk").select_for_update()}
    for one in (kept, gone):
        if one.pk not in found:
            raise MergeRefused(f"{one} was merged or deleted in the meantime. Look again who is there.")
    return found[kept.pk], found[gone.pk]


def _merge(kept: Customer, gone: Customer, by: User | None, at: datetime, reason: str) -> CustomerMerge:
    _check_at_once()
    merge = CustomerMerge.objects.create(
        kept=kept,
        gone_id=gone.pk,
        gone_external_id=gone.external_id,
        gone_name=gone.name,
        gone_row={},
        filled=_fill(kept, gone, at),
        reason=reason[:300],
        merged_by=by,
        merged_at=at,
    )
    _run(KEEP_GONE, [gone.pk, merge.pk])
    for pointer in pointers():
        _move_all(merge, pointer, kept.pk, gone.pk)
    # By SQL: Django would look through every table for rows that are there no more, and delete what it found.
    _run("DELETE FROM loyalty_customer WHERE id = %s", [gone.pk])
    CustomerAlias.objects.create(external_id=gone.external_id, customer=kept, merge=merge)
    return merge


def _check_at_once() -> None:
    """A row that cannot be moved must say so now, while we can still step aside, and not at the end."""
    _run("SET CONSTRAINTS ALL IMMEDIATE", None)


def _fill(kept: Customer, gone: Customer, at: datetime) -> dict[str, dict[str, Any]]:
    """Give the kept one what it lacks. Returns {field: {before, after}}."""
    after: dict[str, Any] = {
        name: getattr(gone, name) for name in FILLED if not getattr(kept, name) and getattr(gone, name)
    }
    attributes = {**gone.attributes, **kept.attributes}
    if attributes != kept.attributes:
        after["attributes"] = attributes
    before = {name: getattr(kept, name) for name in after}
    # Stamped also where nothing is filled: whoever follows changes by their time has to see this customer again.
    Customer.objects.filter(pk=kept.pk).update(**after, updated_at=at)
    return {name: {"before": _plain(before[name]), "after": _plain(after[name])} for name in after}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _move_all(merge: CustomerMerge, pointer: Pointer, kept_id: int, gone_id: int) -> None:
    where = [merge.pk, pointer.table, pointer.column]
    keys = _listed(_sql(LIST_ROWS, pointer), [*where, gone_id])
    for key in _move(pointer, keys, to=kept_id, from_=gone_id):
        _run(_sql(GIVE_WAY, pointer), [gone_id, key, *where, key])


def _move(pointer: Pointer, keys: Sequence[str], *, to: int, from_: int) -> list[str]:
    """Change whose the rows are. Returns those that cannot be moved, because the other has such a row already.

    All at once where that goes, else by halves: one row in the way among thousands costs a few tries, not thousands.
    """
    if not keys:
        return []
    try:
        with transaction.atomic():
            _run(_sql(MOVE, pointer), [to, from_, list(keys)])
    except IntegrityError:
        if len(keys) == 1:
            return list(keys)
        half = len(keys) // 2
        return [row for part in (keys[:half], keys[half:]) for row in _move(pointer, part, to=to, from_=from_)]
    return []


def undo_merge(*, merge: CustomerMerge, by: User | None, at: datetime) -> Undone:
    """Take two customers apart again: what was moved goes back, and what came in since under the old key as well.

    What the kept customer was given is taken back unless somebody changed it since. Raises MergeRefused.
    """
    with transaction.atomic(), because(f"{merge.gone_external_id} is a person of their own after all."):
        _wait_for_imports()
        merge = _locked_merge(merge)
        _check_may_undo(merge)
        _check_at_once()
        customer = _return_customer(merge, at)
        n_rows, n_lost = _return_rows(merge)
        n_later = _return_later(merge)
        _unfill(merge, at)
        CustomerMerge.objects.filter(pk=merge.pk).update(undone_by=by, undone_at=at)
    return Undone(customer, n_rows, n_later, n_lost)


def _locked_merge(merge: CustomerMerge) -> CustomerMerge:
    """The customer first, as merging does, or the two could wait for each other."""
    kept_id = CustomerMerge.objects.values_list("kept_id", flat=True).get(pk=merge.pk)
    list(Customer.objects.filter(pk=kept_id).select_for_update())
    return CustomerMerge.objects.select_for_update().get(pk=merge.pk)


def _check_may_undo(merge: CustomerMerge) -> None:
    if merge.undone_at is not None:
        raise MergeRefused(f"The merge of {merge.gone_external_id} was undone already.")
    later = CustomerMerge.objects.filter(kept=merge.kept_id, undone_at=None, pk__gt=merge.pk).order_by("-pk").first()
    if later is not None:
        raise MergeRefused(
            f"{later.gone_external_id} was merged into the same customer later. Undo that merge first, then this one."
        )
    if Customer.objects.filter(external_id=merge.gone_external_id).exists():
        raise MergeRefused(
            f"There is another customer {merge.gone_external_id} by now. Give that one another key first."
        )


def _return_customer(merge: CustomerMerge, at: datetime) -> Customer:
    CustomerAlias.objects.filter(merge=merge).delete()
    _bring_back(Customer, merge, "gone_row")
    Customer.objects.filter(pk=merge.gone_id).update(updated_at=at)
    return Customer.objects.get(pk=merge.gone_id)


def _return_rows(merge: CustomerMerge) -> tuple[int, int]:
    """How many rows went back, and how many could not, because what they belonged to is there no more."""
    n_back, n_lost = 0, 0
    for pointer, rows in _rows_by_table(merge, came_later=False):
        stayed = _move(
            pointer, [row.row_id for row in rows if row.gave_way is None], to=merge.gone_id, from_=merge.kept_id
        )
        gave_way = [row for row in rows if row.gave_way is not None]
        n_failed = sum(not _try_to_bring_back(pointer, row) for row in gave_way)
        n_back += len(rows) - len(stayed) - n_failed
        n_lost += len(stayed) + n_failed
    return n_back, n_lost


def _return_later(merge: CustomerMerge) -> int:
    """Rows that came in under the old key since. One whose like has just gone back stays where it is."""
    n_back = 0
    for pointer, rows in _rows_by_table(merge, came_later=True):
        stayed = _move(pointer, [row.row_id for row in rows], to=merge.gone_id, from_=merge.kept_id)
        n_back += len(rows) - len(stayed)
    return n_back


def _rows_by_table(merge: CustomerMerge, *, came_later: bool) -> list[tuple[Pointer, list[MergedRow]]]:
    found = list(MergedRow.objects.filter(merge=merge, came_later=came_later).order_by("pk"))
    grouped = [
        (pointer, [row for row in found if (row.table, row.column) == (pointer.table, pointer.column)])
        for pointer in pointers()
    ]
    return [(pointer, rows) for pointer, rows in grouped if rows]


def _try_to_bring_back(pointer: Pointer, row: MergedRow) -> bool:
    try:
        with transaction.atomic():
            _bring_back(pointer.model, row, "gave_way")
    except IntegrityError:
        return False
    return True


def _bring_back(model: type[Model], keeper: CustomerMerge | MergedRow, kept_in: str) -> None:
    """Insert a row as it was. Columns that the table got since take what the database gives them."""
    row = getattr(keeper, kept_in)
    columns = ", ".join(f'"{name}"' for name in stored_columns(model) if name in row)
    names = {"table": model._meta.db_table, "columns": columns, "kept_in": kept_in, "keeper": keeper._meta.db_table}
    _run(BRING_BACK.format(**names), [keeper.pk])


def _unfill(merge: CustomerMerge, at: datetime) -> None:
    kept = Customer.objects.get(pk=merge.kept_id)
    values: dict[str, Any] = {}
    for name, change in merge.filled.items():
        if name == "attributes":
            values[name] = _without_given(kept.attributes, change["before"], change["after"])
        elif _plain(getattr(kept, name)) == change["after"]:
            values[name] = change["before"]
    Customer.objects.filter(pk=kept.pk).update(**values, updated_at=at)


def _without_given(now: dict[str, Any], before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in now.items() if name in before or given.get(name) != value}


def _sql(statement: str, pointer: Pointer) -> str:
    return statement.format(table=pointer.table, column=pointer.column, key=pointer.key)


def _run(statement: str, values: Sequence[Any] | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _listed(statement: str, values: Sequence[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]
