"""The shape of a batch's rows for the description of the API, made of the columns that a kind of record declares."""

from datetime import datetime
from typing import Any

from django.db.models import DecimalField, Field
from rest_framework import serializers

from loyalty.api.doors import Door
from loyalty.services.ingest.kinds import Cell, Column

FIELDS: dict[Cell, type[serializers.Field[Any, Any, Any, Any]]] = {
    Cell.TEXT: serializers.CharField,
    Cell.NUMBER: serializers.DecimalField,
    Cell.INTEGER: serializers.IntegerField,
    Cell.TIME: serializers.DateTimeField,
    Cell.DATE: serializers.DateField,
    Cell.BOOLEAN: serializers.BooleanField,
    Cell.JSON: serializers.DictField,
}


def row_serializer(door: Door) -> type[serializers.Serializer[Any]]:
    """One row of the kind, with the rows of its list when it has one."""
    fields = {word: _field(column) for word, column in door.columns.items()}
    if door.kind.nested:
        inner = {word: _field(column) for word, column in door.list_columns.items()}
        line = type(f"{door.type_name}{door.kind.nested.capitalize()}RowSerializer", (serializers.Serializer,), inner)
        fields[door.kind.nested] = line(many=True, allow_empty=False)
    return type(f"{door.type_name}RowSerializer", (serializers.Serializer,), fields)


def example_row(door: Door) -> dict[str, Any]:
    """One row made of the examples of the columns."""
    row = _examples(door.columns)
    return {**row, door.kind.nested: [_examples(door.list_columns)]} if door.kind.nested else row


def _field(column: Column) -> Any:
    given: dict[str, Any] = {"required": column.is_required, "help_text": _help(column)}
    if not column.is_required:
        given["allow_null"] = True
    return FIELDS[column.cell](**given, **_limits(column))


def _limits(column: Column) -> dict[str, Any]:
    field = _held_by(column)
    if column.cell is Cell.TEXT:
        length = getattr(field, "max_length", None)
        return {"allow_blank": not column.is_required, **({"max_length": length} if length else {})}
    if column.cell is Cell.NUMBER:
        names = ("max_digits", "decimal_places")
        return {name: getattr(field, name) if isinstance(field, DecimalField) else None for name in names}
    return {}


def _held_by(column: Column) -> "Field[Any, Any]":
    """The field whose limits the cell must keep: that of the key, where the cell names another record."""
    if column.reference is None:
        return column.model_field
    found: Field[Any, Any] = column.reference.model._meta.get_field(column.reference.key)  # type: ignore[assignment]
    return found


def _help(column: Column) -> str:
    choices = getattr(column.model_field, "choices", None)
    if choices:
        return f"One of: {', '.join(str(value) for value, _ in choices)}."
    if column.reference is not None:
        return f"Key of the {column.reference.noun}."
    return column.advice


def _examples(columns: dict[str, Column]) -> dict[str, Any]:
    return {word: _example(column) for word, column in columns.items() if column.example}


def _example(column: Column) -> Any:
    match column.cell:
        case Cell.INTEGER:
            return int(column.example)
        case Cell.BOOLEAN:
            return column.example.lower() in ("yes", "true", "1")
        case Cell.TIME:
            return f"{datetime.fromisoformat(column.example):%Y-%m-%dT%H:%M:%S}Z"
        case Cell.JSON:
            return {}
        case _:
            return column.example
