"""Products and the category tree that their paths imply."""

from typing import Any

from loyalty.models import Category, Product
from loyalty.models.products import CURRENCY
from loyalty.services.ingest.kinds import Cell, Column, Options, Part, RecordKind, Reference, columns_of
from loyalty.services.ingest.staging import CLEAN

SEPARATOR = " > "
# Every step of every new path: "Grocery > Frozen > Ice" is also "Grocery > Frozen" and "Grocery".
MAKE_CATEGORIES = """
INSERT INTO loyalty_category (path, name, parent_id)
SELECT array_to_string(p.steps[:n], '{separator}'), left(p.steps[n], 100), NULL
FROM (SELECT DISTINCT string_to_array("{column}", '{separator}') AS steps FROM {clean} WHERE "{column}__id" IS NULL) p
CROSS JOIN LATERAL generate_series(1, cardinality(p.steps)) n
ON CONFLICT (path) DO NOTHING
"""
HANG_CATEGORIES = """
UPDATE loyalty_category c SET parent_id = up.id FROM loyalty_category up
WHERE c.parent_id IS NULL AND cardinality(string_to_array(c.path, '{separator}')) > 1
  AND up.path = array_to_string(trim_array(string_to_array(c.path, '{separator}'), 1), '{separator}')
"""
MAKE_PLACEHOLDERS = """
INSERT INTO loyalty_product (sku, name, brand, currency, quantity_unit, text, attributes, is_catalogued,
                             created_at, updated_at)
SELECT DISTINCT "{column}", 'Product ' || "{column}" || ' (not in the catalogue)', '', %(currency)s, 'each', '',
       '{{}}'::jsonb, false, %(at)s::timestamptz, %(at)s::timestamptz
FROM {clean} WHERE "{column}" IS NOT NULL AND "{column}__id" IS NULL
"""


def make_categories(cursor: Any, column: str, options: Options) -> None:
    cursor.execute(MAKE_CATEGORIES.format(column=column, clean=CLEAN, separator=SEPARATOR))
    cursor.execute(HANG_CATEGORIES.format(separator=SEPARATOR))


def make_placeholders(cursor: Any, column: str, options: Options) -> None:
    """Products that somebody bought, or an offer names, before the catalogue does."""
    # Another import may be adding the same product.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('loyalty_product', 0))")
    statement = MAKE_PLACEHOLDERS.format(column=column, clean=CLEAN) + " ON CONFLICT (sku) DO NOTHING"
    cursor.execute(statement, {"currency": options.currency, "at": options.at})


PRODUCT = Reference(
    model=Product,
    key="sku",
    noun="product",
    make=make_placeholders,
    is_made=lambda options: options.creates_products,
)

PRODUCTS = RecordKind(
    name="products",
    label="Products",
    columns=(
        Column(name="sku", cell=Cell.TEXT, of=Product, field="sku", is_required=True, example="4011"),
        Column(name="name", cell=Cell.TEXT, of=Product, field="name", is_required=True, example="Bananas"),
        Column(
            name="category",
            cell=Cell.TEXT,
            of=Product,
            field="category",
            reference=Reference(model=Category, key="path", noun="category", make=make_categories),
            pattern=r"^[^>]+( > [^>]+)*$",
            advice="Write the category as its way from the top, like Produce > Fruit > Bananas.",
            example="Produce > Fruit > Bananas",
        ),
        Column(name="brand", cell=Cell.TEXT, of=Product, field="brand", example="Own brand"),
        Column(name="price", cell=Cell.NUMBER, of=Product, field="price", minimum=0, example="0.59"),
        Column(name="cost", cell=Cell.NUMBER, of=Product, field="cost", minimum=0, example="0.31"),
        Column(
            name="currency",
            cell=Cell.TEXT,
            of=Product,
            field="currency",
            pattern=CURRENCY,
            advice="Write the currency as three capital letters, like USD.",
            default=lambda options: options.currency,
            example="USD",
        ),
        Column(name="stock", cell=Cell.INTEGER, of=Product, field="stock", example="120"),
        Column(name="quantity_unit", cell=Cell.TEXT, of=Product, field="quantity_unit", example="each"),
        *columns_of(Product, text=Cell.TEXT, attributes=Cell.JSON),
        # Whatever the catalogue names is in the catalogue, also what an order had named before.
        Column(name="is_catalogued", cell=Cell.BOOLEAN, of=Product, field="is_catalogued", when_absent="true"),
    ),
    parts=(
        Part(
            model=Product,
            key=("sku",),
            columns=(
                "name",
                "category",
                "brand",
                "price",
                "cost",
                "currency",
                "stock",
                "quantity_unit",
                "text",
                "attributes",
                "is_catalogued",
            ),
        ),
    ),
)
