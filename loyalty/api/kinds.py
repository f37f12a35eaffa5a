"""An address for every kind of record that can be imported: whoever registers a kind gets it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view

from loyalty.api.doors import Door
from loyalty.api.permissions import add_and_change
from loyalty.api.rows import example_row, row_serializer
from loyalty.api.serializers import batch_of
from loyalty.api.viewsets import BatchViewSet
from loyalty.services.ingest import RecordKind


def batch_schema(door: Door) -> Any:
    """How the batch-upsert of a kind is described."""
    label = door.kind.label
    return extend_schema(
        tags=[label],
        summary=f"Add or change up to 1,000 rows: {label.lower()}",
        description=(
            f"A row is recognised again by {' and '.join(door.key_words)}; sent again, nothing changes. A field that "
            "no row names stays as it is; null empties it. A row is taken whole or not at all, whatever becomes of "
            "the others."
        ),
        request=batch_of(row_serializer(door), f"{door.type_name}Batch"),
        examples=[OpenApiExample("One row", request_only=True, value={"rows": [example_row(door)]})],
    )


def viewset_of(kind: RecordKind) -> type[BatchViewSet]:
    door = Door(kind)
    models = list(dict.fromkeys(part.model for part in kind.parts))
    content = {
        "noun": door.noun,
        "door": door,
        "queryset": kind.main.model._default_manager.all(),
        "action_permissions": {"batch_upsert": add_and_change(*models)},
    }
    viewset = type(f"{door.type_name}BatchViewSet", (BatchViewSet,), content)
    return extend_schema_view(batch_upsert=batch_schema(door))(viewset)
