"""What customers did and what they think."""

from typing import Any

from loyalty.models import Interaction, Rating
from loyalty.services.ingest.customers import CUSTOMER
from loyalty.services.ingest.event_names import KNOWN
from loyalty.services.ingest.kinds import Cell, Column, Part, RecordKind
from loyalty.services.ingest.products import CATEGORY, CATEGORY_ADVICE, CATEGORY_PATTERN, PRODUCT, category_path
from loyalty.services.ingest.scales import ON_ITS_SCALE, scale_columns, scale_rules
from loyalty.services.ingest.spellings import choice_of, spelled


def _did(name: str, field: str, cell: Cell, example: str, meaning: str, **more: Any) -> Column:
    return Column(name=name, cell=cell, of=Interaction, field=field, example=example, meaning=meaning, **more)


def _thinks(name: str, field: str, cell: Cell, example: str, meaning: str, **more: Any) -> Column:
    return Column(name=name, cell=cell, of=Rating, field=field, example=example, meaning=meaning, **more)


INTERACTIONS = RecordKind(
    name="interactions",
    label="Interactions",
    description="Anything customers did: pages, products and carts they looked at, searches, calls, visits, surveys.",
    columns=(
        _did("event_id", "event_id", Cell.TEXT, "e-90017", "The key of the event where it was seen.", is_required=True),
        _did(
            "source",
            "source",
            Cell.TEXT,
            "web shop",
            "Who saw it. Together with event_id it names one event, which is taken once.",
            is_required=True,
        ),
        _did(
            "customer_id",
            "customer",
            Cell.TEXT,
            "C-1001",
            "Who did it. Empty when nobody was recognised.",
            reference=CUSTOMER,
        ),
        _did(
            "type",
            "type",
            Cell.TEXT,
            "Product Viewed",
            "What was done. Usual names, like view_item or add_to_cart, are understood; your own are kept.",
            is_required=True,
            rewrite=spelled(KNOWN),
        ),
        _did("occurred_at", "occurred_at", Cell.TIME, "2026-03-31 18:30", "When it was done.", is_required=True),
        _did("sku", "product", Cell.TEXT, "4011", "The product it was about, if one.", reference=PRODUCT),
        _did(
            "category",
            "category",
            Cell.TEXT,
            "Produce > Fruit > Bananas",
            "The category it was about, as its way from the top.",
            reference=CATEGORY,
            rewrite=category_path,
            pattern=CATEGORY_PATTERN,
            advice=CATEGORY_ADVICE,
        ),
        _did("channel", "channel", Cell.TEXT, "web", "Where it happened: web, app, store, phone."),
        _did("session", "session", Cell.TEXT, "s-77", "What was done in one visit carries the same one."),
        _did("query", "query", Cell.TEXT, "ripe bananas", "For a search: the words."),
        _did(
            "value", "value", Cell.NUMBER, "9", "A number that belongs to it: the answer of a survey, a cart's worth."
        ),
        _did(
            "properties",
            "properties",
            Cell.JSON,
            '{"page": 2}',
            "Anything else, as named values. In a file, a column properties.page does the same.",
        ),
    ),
    parts=(
        Part(
            model=Interaction,
            key=("source", "event_id"),
            columns=(
                "customer_id",
                "type",
                "occurred_at",
                "sku",
                "category",
                "channel",
                "session",
                "query",
                "value",
                "properties",
            ),
        ),
    ),
)

RATINGS = RecordKind(
    name="ratings",
    label="Ratings",
    description="What customers think of products, as stars, points or thumbs.",
    columns=(
        _thinks("customer_id", "customer", Cell.TEXT, "C-1001", "Whose opinion.", is_required=True, reference=CUSTOMER),
        _thinks("sku", "product", Cell.TEXT, "4011", "The product it is about.", is_required=True, reference=PRODUCT),
        _thinks(
            "kind",
            "kind",
            Cell.TEXT,
            "explicit",
            "explicit when they said it, implicit when it was read from what they did. Left out: explicit.",
            rewrite=choice_of(Rating.Kind),
            when_absent=f"'{Rating.Kind.EXPLICIT.value}'",
        ),
        _thinks(
            "source",
            "source",
            Cell.TEXT,
            "review form",
            "Where it was said. A newer opinion from there replaces the older one.",
            is_required=True,
        ),
        *scale_columns(Rating, name="value", field="value", raw_field="raw_value", is_required=True),
        _thinks("weight", "weight", Cell.NUMBER, "1", "How much it counts. Left out: 1.", minimum=0),
        _thinks("rated_at", "rated_at", Cell.TIME, "2026-03-31 18:30", "When it was said.", is_required=True),
        _thinks("evidence", "evidence", Cell.JSON, '{"order": "O-5001"}', "What it rests on, as named values."),
    ),
    parts=(
        Part(
            model=Rating,
            key=("customer_id", "sku", "kind", "source"),
            columns=("value", "scale_min", "scale_max", ON_ITS_SCALE, "weight", "rated_at", "evidence"),
        ),
    ),
    rules=scale_rules("value"),
)
