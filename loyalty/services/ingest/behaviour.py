"""What customers did and what they think."""

from loyalty.models import Interaction, Rating
from loyalty.services.ingest.customers import CUSTOMER
from loyalty.services.ingest.kinds import Cell, Column, Part, RecordKind
from loyalty.services.ingest.products import PRODUCT

INTERACTIONS = RecordKind(
    name="interactions",
    label="Interactions",
    columns=(
        Column(name="event_id", cell=Cell.TEXT, of=Interaction, field="event_id", is_required=True, example="e-90017"),
        Column(
            name="source",
            cell=Cell.TEXT,
            of=Interaction,
            field="source",
            is_required=True,
            example="web shop",
        ),
        Column(
            name="customer_id",
            cell=Cell.TEXT,
            of=Interaction,
            field="customer",
            is_required=True,
            reference=CUSTOMER,
            example="C-1001",
        ),
        Column(name="type", cell=Cell.TEXT, of=Interaction, field="type", is_required=True, example="Product Viewed"),
        Column(
            name="occurred_at",
            cell=Cell.TIME,
            of=Interaction,
            field="occurred_at",
            is_required=True,
            example="2026-03-31 18:30",
        ),
        Column(name="sku", cell=Cell.TEXT, of=Interaction, field="product", reference=PRODUCT, example="4011"),
        Column(name="channel", cell=Cell.TEXT, of=Interaction, field="channel", example="web"),
        Column(name="session", cell=Cell.TEXT, of=Interaction, field="session", example="s-77"),
        Column(name="properties", cell=Cell.JSON, of=Interaction, field="properties"),
    ),
    parts=(
        Part(
            model=Interaction,
            key=("source", "event_id"),
            columns=("customer_id", "type", "occurred_at", "sku", "channel", "session", "properties"),
        ),
    ),
)

RATINGS = RecordKind(
    name="ratings",
    label="Ratings",
    columns=(
        Column(
            name="customer_id",
            cell=Cell.TEXT,
            of=Rating,
            field="customer",
            is_required=True,
            reference=CUSTOMER,
            example="C-1001",
        ),
        Column(
            name="sku", cell=Cell.TEXT, of=Rating, field="product", is_required=True, reference=PRODUCT, example="4011"
        ),
        Column(name="kind", cell=Cell.TEXT, of=Rating, field="kind", is_required=True, example="explicit"),
        Column(name="source", cell=Cell.TEXT, of=Rating, field="source", is_required=True, example="review form"),
        Column(
            name="value",
            cell=Cell.NUMBER,
            of=Rating,
            field="value",
            is_required=True,
            minimum=-1,
            maximum=1,
            example="0.8",
        ),
        Column(name="weight", cell=Cell.NUMBER, of=Rating, field="weight", minimum=0),
        Column(
            name="rated_at",
            cell=Cell.TIME,
            of=Rating,
            field="rated_at",
            is_required=True,
            example="2026-03-31 18:30",
        ),
        Column(name="evidence", cell=Cell.JSON, of=Rating, field="evidence"),
    ),
    parts=(
        Part(
            model=Rating,
            key=("customer_id", "sku", "kind", "source"),
            columns=("value", "weight", "rated_at", "evidence"),
        ),
    ),
)
