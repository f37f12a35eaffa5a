"""Rows that a shop pushes: their shape is checked here, everything else by the import that files go through, too."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from rest_framework.exceptions import APIException, ParseError, ValidationError

from loyalty.api.doors import Door, Errors
from loyalty.services.ingest import FileRefused, Options, ingest_records
from loyalty.services.ingest.kinds import Cell, Column

MAX_ROWS = 1000
STATUSES = ("created", "updated", "unchanged", "rejected")


class AlreadyThere(APIException):
    status_code = 409
    default_code = "already_there"


class StillReferredTo(APIException):
    status_code = 409
    default_code = "still_referred_to"


@dataclass
class Result:
    """What became of one row, counted from 1."""

    row: int
    status: str
    errors: Errors = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        errors = [{"field": name, "reason": reason} for name, reason in self.errors.items()]
        return {"row": self.row, "status": self.status, "errors": errors}


@dataclass(frozen=True)
class BatchReport:
    results: list[Result]

    def told(self) -> dict[str, Any]:
        """As `BatchReportSerializer` describes it; through the serializer itself it would take a tenth of the call."""
        told = Counter(result.status for result in self.results)
        return {
            "counts": {status: told[status] for status in STATUSES},
            "results": [result.told() for result in self.results],
        }


def rows_of(body: Any) -> list[Any]:
    """The rows of a batch. Raises ParseError or ValidationError with a sentence."""
    if not isinstance(body, dict):
        raise ParseError("Send an object with one field, rows, that holds a list.")
    unknown = {name: "There is no such field. Choose from: rows." for name in body if name != "rows"}
    if unknown:
        raise ValidationError(unknown)
    rows = body.get("rows")
    if not isinstance(rows, list) or not rows:
        raise ValidationError({"rows": "Send a list with at least one row."})
    if len(rows) > MAX_ROWS:
        raise ValidationError({"rows": f"Send at most {MAX_ROWS:,} rows at a time; these are {len(rows):,}."})
    return rows


def upsert(door: Door, rows: Sequence[Any], *, by: User, at: datetime) -> list[Result]:
    """Add what is new, change what differs, and say of every row what became of it."""
    shared = _shared_fields(door, rows)
    problems = {number: _problems(door, row, shared) for number, row in enumerate(rows, 1)}
    sound = [number for number, errors in problems.items() if not errors]
    results = {number: Result(number, "rejected", errors) for number, errors in problems.items() if errors}
    records = [door.to_import(rows[number - 1]) for number in sound]
    for outcome in _taken(door, records, by, at) if records else ():
        number = sound[outcome.row - 1]
        results[number] = Result(number, outcome.status, door.from_import(outcome.errors, sound))
    return [results[number] for number in sorted(results)]


def _shared_fields(door: Door, rows: Sequence[Any]) -> set[str]:
    """Fields that every row has to name because one does, or the import would empty them. An order is always whole."""
    if door.kind.nested:
        return set()
    return {name for row in rows if isinstance(row, dict) for name in row} & door.columns.keys()


def _taken(door: Door, records: Sequence[Mapping[str, Any]], by: User, at: datetime) -> Any:
    try:
        options = Options(at=at, source=f"API, {by.get_username()}"[:100])
        return ingest_records(kind=door.kind, records=records, options=options, by=by).rows
    except FileRefused as refused:
        raise ParseError(str(refused)) from refused


def create(door: Door, row: Any, *, by: User, at: datetime) -> str:
    """Add one record and return its key. Raises ValidationError, or AlreadyThere when the key is taken."""
    with transaction.atomic():
        (result,) = upsert(door, [row], by=by, at=at)
        if result.status in ("updated", "unchanged"):
            raise AlreadyThere(f"{door.key} “{row[door.key]}” is already there. Use batch-upsert to change it.")
    if result.errors:
        raise ValidationError(result.errors)
    return str(row[door.key]).strip()


def change(door: Door, read: Mapping[str, Any], asked: Any, *, by: User, at: datetime) -> None:
    """Change the named fields of one record that was `read`. Raises ValidationError."""
    if isinstance(asked, dict) and asked.get(door.key, read[door.key]) != read[door.key]:
        raise ValidationError({door.key: f"{door.key} cannot be changed. Leave it out."})
    needed = {word: read[word] for word, column in door.columns.items() if column.is_required}
    (result,) = upsert(door, [{**needed, **asked} if isinstance(asked, dict) else asked], by=by, at=at)
    if result.errors:
        raise ValidationError(result.errors)


def _problems(door: Door, row: Any, shared: set[str]) -> Errors:
    if not isinstance(row, dict):
        return {"": "Each row is an object with named fields."}
    errors = dict(_field_problems(row, door.columns, door.kind.nested))
    if row.get(door.key) in (None, ""):
        errors[door.key] = f"Fill in {door.key}: every row needs it."
    for name in sorted(shared - set(row)):
        errors.setdefault(
            name, "Other rows of this call name this field. Name it in every row or in none; null empties it."
        )
    if door.kind.nested:
        errors |= _list_problems(door, row.get(door.kind.nested))
    return errors


def _list_problems(door: Door, lines: Any) -> Errors:
    nested = door.kind.nested
    if not isinstance(lines, list) or not lines:
        return {nested: f"Send a list of {nested} with at least one in it."}
    errors: Errors = {}
    for place, line in enumerate(lines):
        if not isinstance(line, dict):
            errors[f"{nested}[{place}]"] = "Send an object with named fields."
        else:
            errors |= {
                f"{nested}[{place}].{name}": reason for name, reason in _field_problems(line, door.list_columns, "")
            }
    return errors


def _field_problems(row: Mapping[str, Any], known: Mapping[str, Column], nested: str) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if name == nested and nested:
            continue
        if name not in known:
            yield name[:64], f"There is no such field. Choose from: {', '.join([*known, nested]).rstrip(', ')}."
        elif isinstance(value, dict | list) and known[name].cell is not Cell.JSON:
            yield name, "Send one value here, not a list or an object."
        elif value is not None and not isinstance(value, dict) and known[name].cell is Cell.JSON:
            yield name, "Send an object with named values here."
