from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from loyalty.api.batches import STATUSES


class StrictFields(serializers.Serializer[Any]):
    """A misspelt field is refused: ignoring it would lose what it held."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            choice = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError(
                {str(name): [f"There is no such field. Choose from: {choice}."] for name in sorted(unknown)}
            )
        return super().to_internal_value(data)


class FieldProblemSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Name of the field; `lines[2].quantity` is a field of the third line.")
    reason = serializers.CharField(help_text="What is wrong and what to do.")


class RowResultSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="Number of the row in your list; the first is 1.")
    status = serializers.ChoiceField(choices=STATUSES)
    errors: Any = FieldProblemSerializer(many=True)


class CountsSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()


class BatchReportSerializer(serializers.Serializer[Any]):
    counts = CountsSerializer()
    results = RowResultSerializer(many=True)


def batch_of(row: type[serializers.Serializer[Any]], name: str) -> type[serializers.Serializer[Any]]:
    """The body of a batch-upsert, for the description of the API."""
    return inline_serializer(name, {"rows": row(many=True)}).__class__
