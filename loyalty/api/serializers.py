from typing import Any

from rest_framework import serializers


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
    field = serializers.CharField(help_text="Name of the field; `lines.2.quantity` is a field of the third line.")
    reason = serializers.CharField(help_text="What is wrong and what to do.")
