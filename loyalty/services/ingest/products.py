"""Products and the category tree that their paths imply."""

from typing import Any

from loyalty.models import Category, Product
from loyalty.models.products import CURRENCY
from loyalty.services.ingest.cells import literal
from loyalty.services.ingest.kinds import Cell, Column, Options, Part, RecordKind, Reference
from loyalty.services.ingest.placeholders import is_there, make_missing
from loyalty.services.ingest.spellings import choice_of
from loyalty.services.ingest.staging import CLEAN

SEPARATOR = " > "
# Every step of every new path: "Grocery > Frozen > Ice" is also "Grocery > Frozen" and "Grocery".
MAKE_CATEGORIES = """
INSERT INTO loyalty_category (path, name, parent_id)
SELECT array_to_string(p.steps[:n], '{separator}'), left(p.steps[n], 100), NULL
FROM (SELECT DISTINCT string_to_array("{column}", '{separator}') AS steps FROM {clean}
      WHERE "{column}__id" IS NULL AND {wanted}) p
CROSS JOIN LATERAL generate_series(1, cardinality(p.steps)) n
ON CONFLICT (path) DO NOTHING
"""
HANG_CATEGORIES = """
UPDATE loyalty_category c SET parent_id = up.id FROM loyalty_category up
WHERE c.parent_id IS NULL AND cardinality(string_to_array(c.path, '{separator}')) > 1
  AND up.path = array_to_string(trim_array(string_to_array(c.path, '{separator}'), 1), '{separator}')
"""


def make_categories(cursor: Any, column: str, options: Options, *, wanted: str = "true") -> None:
    """`wanted` is SQL over the clean row: whether its category is needed."""
    cursor.execute(MAKE_CATEGORIES.format(column=column, clean=CLEAN, separator=SEPARATOR, wanted=wanted))
    cursor.execute(HANG_CATEGORIES.format(separator=SEPARATOR))


def make_placeholders(cursor: Any, column: str, options: Options) -> None:
    """Products that somebody bought, or an offer names, before the catalogue does. Most rows decide on the name."""
    key = f'c."{column}"'
    name = f"'Product ' || {key} || ' (not in the catalogue)'"
    values = {"sku": key, "name": name, "currency": literal(options.currency), "is_catalogued": "false"}
    if is_there(cursor, "product_name"):
        values["name"] = f'COALESCE(mode() WITHIN GROUP (ORDER BY c."product_name"), {name})'
    if is_there(cursor, "product_category__id"):
        values["category_id"] = 'mode() WITHIN GROUP (ORDER BY c."product_category__id")'
    make_missing(cursor, Product, column, values, options)


PRODUCT = Reference(
    model=Product,
    key="sku",
    noun="product",
    make=make_placeholders,
    is_made=lambda options: options.creates_products,
)

CATEGORY = Reference(model=Category, key="path", noun="category", make=make_categories)
CATEGORY_PATTERN = r"^[^>]+( > [^>]+)*$"
CATEGORY_ADVICE = "Write the category as its way from the top, like Produce > Fruit > Bananas."
UNIT_WORDS = {
    **dict.fromkeys(("piece", "pieces", "pcs", "pc", "ea", "unit", "units", "item", "stk"), "each"),
    **dict.fromkeys(("kilo", "kilos", "kilogram", "kgs", "kilogramme"), "kg"),
    **dict.fromkeys(("litre", "liter", "liters", "ltr", "lt"), "l"),
}


def category_path(text: str) -> str:
    """SQL for a way from the top, whichever sign parts its steps. Where > or | does, a slash belongs to a name."""
    sign = f"CASE WHEN strpos({text}, '>') > 0 THEN '>' WHEN strpos({text}, '|') > 0 THEN '[|]' ELSE '/' END"
    steps = f"regexp_replace({text}, '\\s*(' || {sign} || ')\\s*', '{SEPARATOR}', 'g')"
    # A way often begins, or ends, with the sign.
    return f"NULLIF(btrim({steps}, '> '), '')"


def _about(name: str, cell: Cell, example: str, meaning: str, *, minimum: float | None = None) -> Column:
    return Column(name=name, cell=cell, of=Product, field=name, example=example, meaning=meaning, minimum=minimum)


PRODUCTS = RecordKind(
    name="products",
    label="Products",
    description="The things you sell: names, categories, prices, stock.",
    columns=(
        Column(
            name="sku",
            cell=Cell.TEXT,
            of=Product,
            field="sku",
            is_required=True,
            example="4011",
            meaning="Your own key of the product, the one that orders use.",
        ),
        Column(
            name="name",
            cell=Cell.TEXT,
            of=Product,
            field="name",
            is_required=True,
            example="Bananas",
            meaning="How it is called on the shelf.",
        ),
        Column(
            name="category",
            cell=Cell.TEXT,
            of=Product,
            field="category",
            reference=CATEGORY,
            rewrite=category_path,
            pattern=CATEGORY_PATTERN,
            advice=CATEGORY_ADVICE,
            example="Produce > Fruit > Bananas",
            meaning="Its way from the top, the steps parted by >, | or /. New categories are made.",
        ),
        _about("brand", Cell.TEXT, "Own brand", "Who makes it, or whose name is on it."),
        _about("price", Cell.NUMBER, "0.59", "What one costs a customer at the moment.", minimum=0),
        _about("cost", Cell.NUMBER, "0.31", "What one costs you.", minimum=0),
        Column(
            name="currency",
            cell=Cell.TEXT,
            of=Product,
            field="currency",
            pattern=CURRENCY,
            advice="Write the currency as three capital letters, like USD.",
            default=lambda options: options.currency,
            example="USD",
            meaning="The currency of price and cost.",
        ),
        _about("stock", Cell.INTEGER, "120", "How many are there. Empty means that nobody counts."),
        Column(
            name="quantity_unit",
            cell=Cell.TEXT,
            of=Product,
            field="quantity_unit",
            rewrite=choice_of(Product.Unit, UNIT_WORDS),
            example="kg",
            meaning="What a quantity of it counts: each (pieces), kg, l, or other.",
        ),
        _about("text", Cell.TEXT, "Ripe bananas from Ecuador.", "What is written about it."),
        Column(
            name="image_url",
            cell=Cell.TEXT,
            of=Product,
            field="image_url",
            pattern=r"^https://[^\s<>\"']+$",
            advice="Give an address that begins with https:// and has no blanks.",
            example="https://shop.example.com/4011.jpg",
            meaning="The address of a picture, beginning with https.",
        ),
        _about(
            "attributes",
            Cell.JSON,
            '{"organic": true}',
            "Anything else, as named values. In a file, a column attributes.organic does the same.",
        ),
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
                "image_url",
                "attributes",
                "is_catalogued",
            ),
        ),
    ),
)
