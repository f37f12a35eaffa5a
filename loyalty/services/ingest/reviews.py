"""What customers wrote about products. How it sounds is read afterwards."""

from loyalty.models import Review
from loyalty.services.ingest.customers import CUSTOMER
from loyalty.services.ingest.kinds import Cell, Column, Part, RecordKind, Rule
from loyalty.services.ingest.products import PRODUCT
from loyalty.services.ingest.scales import ON_ITS_SCALE, scale_columns, scale_rules

REVIEWS = RecordKind(
    name="reviews",
    label="Reviews",
    description="What customers wrote about a product, with their stars if they gave any.",
    columns=(
        Column(
            name="review_id",
            cell=Cell.TEXT,
            of=Review,
            field="external_id",
            is_required=True,
            example="r-310",
            meaning="The key of the review where it was written.",
        ),
        Column(
            name="source",
            cell=Cell.TEXT,
            of=Review,
            field="source",
            is_required=True,
            example="web shop",
            meaning="Where it was written. Together with review_id it names one review.",
        ),
        Column(
            name="sku",
            cell=Cell.TEXT,
            of=Review,
            field="product",
            is_required=True,
            reference=PRODUCT,
            example="4011",
            meaning="The product it is about.",
        ),
        Column(
            name="customer_id",
            cell=Cell.TEXT,
            of=Review,
            field="customer",
            reference=CUSTOMER,
            example="C-1001",
            meaning="Who wrote it; empty when nobody knows.",
        ),
        Column(
            name="title", cell=Cell.TEXT, of=Review, field="title", example="Ripe and sweet", meaning="Its heading."
        ),
        Column(
            name="text",
            cell=Cell.TEXT,
            of=Review,
            field="text",
            example="Just right for breakfast.",
            meaning="What was written, in any language.",
        ),
        *scale_columns(Review, name="rating", field="rating", raw_field="raw_rating", is_required=False),
        Column(
            name="language",
            cell=Cell.TEXT,
            of=Review,
            field="language",
            pattern=r"^[a-zA-Z]{2,3}([-_][a-zA-Z]{2,4})?$",
            advice="Write the language in two letters, like en or de.",
            example="en",
            meaning="The language in two letters.",
        ),
        Column(
            name="reviewed_at",
            cell=Cell.TIME,
            of=Review,
            field="reviewed_at",
            is_required=True,
            example="2026-03-31 18:30",
            meaning="When it was written.",
        ),
    ),
    parts=(
        Part(
            model=Review,
            key=("source", "review_id"),
            columns=(
                "sku",
                "customer_id",
                "title",
                "text",
                "rating",
                "scale_min",
                "scale_max",
                ON_ITS_SCALE,
                "language",
                "reviewed_at",
            ),
        ),
    ),
    rules=(
        *scale_rules("rating"),
        Rule(
            column="text",
            needs=("title", "text", "rating"),
            wrong='COALESCE(s."title", s."text") IS NULL AND s."rating" IS NULL',
            reason="This review says nothing. Fill in a title, a text or a rating.",
        ),
    ),
)
