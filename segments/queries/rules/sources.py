"""Where events of a kind are kept, and how they are counted. Apps above register theirs when Django starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loyalty.engine.features import Feature, Kind
from loyalty.queries.features import Reading
from segments.engine.rules.catalogue import Field, Happening, Measure

PRODUCTS_OF_CATEGORY = """
SELECT p.id FROM loyalty_product p JOIN loyalty_category g ON g.id = p.category_id
WHERE g.path = ANY({values}) OR EXISTS (SELECT FROM unnest({values}) named WHERE starts_with(g.path, named || ' > '))
"""

KNOWN_CATEGORIES = """
SELECT named FROM unnest({values}) named
WHERE EXISTS (SELECT FROM loyalty_category g WHERE g.path = named OR starts_with(g.path, named || ' > '))
"""

CONTAINS = "position(lower(%(text)s) IN lower({value})) > 0"
CATEGORIES = f"""
SELECT path, '' FROM loyalty_category WHERE {CONTAINS.format(value="path")} ORDER BY length(path), path LIMIT %(n)s
"""  # noqa: S608 - our own words
PRODUCTS = f"""
SELECT sku, name FROM loyalty_product WHERE {CONTAINS.format(value="sku || ' ' || name")} ORDER BY name, sku LIMIT %(n)s
"""  # noqa: S608 - our own words


def distinct(column: str, table: str) -> str:
    """The different values of a column to choose from, without empty ones."""
    return (
        f"SELECT DISTINCT {column}, '' FROM {table} chosen "  # noqa: S608 - our own words
        f"WHERE {column} <> '' AND {CONTAINS.format(value=column)} ORDER BY 1 LIMIT %(n)s"
    )


@dataclass(frozen=True)
class FieldSource:
    """How events are told apart. `{values}` is the array of texts chosen; `known` selects which of them there are.

    `choices` selects values, and what people read beside them, that contain a `text`, at most `n`.
    """

    condition: str
    known: str
    joins: tuple[str, ...] = ()
    choices: str = ""


@dataclass(frozen=True)
class MeasureSource:
    """What is counted; `of_joined` where an event may stand in several rows, because something is joined to it.

    Both are aggregates that a filter can follow; `only` says which of the events are meant. `default` is the measure of
    a customer without any such event; None where there is none.
    """

    aggregate: str
    of_joined: str = ""
    only: str = ""
    joins: tuple[str, ...] = ()
    default: int | None = 0
    is_never_negative: bool = False


@dataclass(frozen=True)
class EventSource:
    """Rows of events: a table, whose they are, when they were, and what is joined to them when it is needed.

    Nothing that a person typed may stand in any of these texts: values go in as parameters.
    """

    happening: Happening
    table: str
    customer: str
    at: str
    fields: Mapping[str, FieldSource]
    measures: Mapping[str, MeasureSource]
    condition: str = "true"
    joins: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[str, ...] = ()


def product_fields(column: str, *joins: str) -> dict[str, FieldSource]:
    """Telling events apart by the product in a column: by its sku, its category or one above that, its brand."""
    return {
        "category": FieldSource(
            f"{column} IN ({PRODUCTS_OF_CATEGORY})",
            KNOWN_CATEGORIES,
            joins,
            CATEGORIES,
        ),
        "product": FieldSource(
            f"{column} IN (SELECT id FROM loyalty_product WHERE sku = ANY({{values}}))",  # noqa: S608 - ours
            "SELECT sku FROM loyalty_product WHERE sku = ANY({values})",
            joins,
            PRODUCTS,
        ),
        "brand": FieldSource(
            f"{column} IN (SELECT id FROM loyalty_product WHERE brand = ANY({{values}}))",  # noqa: S608 - ours
            "SELECT DISTINCT brand FROM loyalty_product WHERE brand = ANY({values})",
            joins,
            distinct("brand", "loyalty_product"),
        ),
    }


ABOUT_PRODUCTS = (
    Field("category", "Category", "in {}"),
    Field("product", "Product", "{}"),
    Field("brand", "Brand", "of the brand {}"),
)
TIMES = Measure("times", "How often", "{} times")
IS_ORDER = "o.reverses_id IS NULL"
LINES = "lines"
BOUGHT = EventSource(
    happening=Happening(
        "bought", "Purchases", "Bought", "Did not buy",
        fields=(*ABOUT_PRODUCTS, Field("channel", "Channel", "by {}"), Field("store", "Store", "at {}")),
        measures=(
            TIMES,
            Measure("spend", "Spent in total", "for {} in total", "money"),
            Measure("quantity", "Quantity in total", "{} units in total", "units"),
            Measure("products", "Different products", "{} different products", "products"),
        ),
    ),
    table="loyalty_order o",
    customer="o.customer_id",
    at="o.ordered_at",
    condition="(%(currency)s = '' OR o.currency = %(currency)s)",
    joins={LINES: "JOIN loyalty_orderline l ON l.order_id = o.id"},
    fields={
        **product_fields("l.product_id", LINES),
        "channel": FieldSource(
            "o.channel = ANY({values})",
            "SELECT DISTINCT channel FROM loyalty_order WHERE channel = ANY({values})",
            choices=distinct("channel", "(SELECT channel FROM loyalty_order ORDER BY id DESC LIMIT 100000)"),
        ),
        "store": FieldSource(
            "o.store = ANY({values})",
            "SELECT DISTINCT store FROM loyalty_order WHERE store = ANY({values})",
            choices=distinct("store", "(SELECT store FROM loyalty_order ORDER BY id DESC LIMIT 100000)"),
        ),
    },
    # Returns are no purchases, but what was given back is taken off: as in the features.
    measures={
        "times": MeasureSource("count(*)", "count(DISTINCT o.id)", only=IS_ORDER),
        "spend": MeasureSource("sum(l.amount)", joins=(LINES,), is_never_negative=True),
        "quantity": MeasureSource("sum(l.quantity)", joins=(LINES,), is_never_negative=True),
        "products": MeasureSource("count(DISTINCT l.product_id)", only=IS_ORDER, joins=(LINES,)),
    },
    tables=("loyalty_order", "loyalty_orderline"),
)  # fmt: skip
DID = EventSource(
    happening=Happening(
        "did", "Visits and other actions", "Did", "Did not do",
        fields=(
            Field("type", "What they did", "{}"),
            Field("category", "Category", "with something in {}"),
            Field("product", "Product", "with {}"),
            Field("brand", "Brand", "with something of the brand {}"),
            Field("channel", "Channel", "by {}"),
        ),
        measures=(TIMES, Measure("products", "Different products", "with {} different products", "products")),
    ),
    table="loyalty_interaction i",
    customer="i.customer_id",
    at="i.occurred_at",
    fields={
        **product_fields("i.product_id"),
        "type": FieldSource(
            "i.type = ANY({values})",
            "SELECT DISTINCT type FROM loyalty_interaction WHERE type = ANY({values})",
            choices=distinct("type", "(SELECT type FROM loyalty_interaction ORDER BY id DESC LIMIT 100000)"),
        ),
        "channel": FieldSource(
            "i.channel = ANY({values})",
            "SELECT DISTINCT channel FROM loyalty_interaction WHERE channel = ANY({values})",
            choices=distinct("channel", "(SELECT channel FROM loyalty_interaction ORDER BY id DESC LIMIT 100000)"),
        ),
    },
    measures={
        "times": MeasureSource("count(*)"),
        "products": MeasureSource("count(DISTINCT i.product_id)"),
    },
    tables=("loyalty_interaction",),
)  # fmt: skip
RATED = EventSource(
    happening=Happening(
        "rated", "Ratings", "Rated something", "Did not rate anything",
        fields=ABOUT_PRODUCTS,
        measures=(
            TIMES,
            Measure("mean", "Mean rating, from −1 to 1", "with a mean of {}, from −1 to 1,", is_signed=True),
        ),
    ),
    table="loyalty_rating r",
    customer="r.customer_id",
    at="r.rated_at",
    condition="r.kind = 'explicit'",
    fields=product_fields("r.product_id"),
    measures={
        "times": MeasureSource("count(*)"),
        "mean": MeasureSource("avg(r.value::numeric)", default=None),
    },
    tables=("loyalty_rating",),
)  # fmt: skip
_EVENTS = {one.happening.name: one for one in (BOUGHT, DID, RATED)}
LIFETIME = Reading(
    tables=("segments_prediction",),
    rows="""
lifetimes AS (
    SELECT customer_id, predicted_clv, expected_orders, chance_alive, average_days_between_orders
    FROM segments_prediction WHERE customer_id {chosen} AND kind = 'clv' AND made_at <= %(inside_at)s
)
""",
    features=lambda words: [
        _of_lifetime("predicted_clv", "Spend to expect", "money"),
        _of_lifetime("expected_orders", "Orders to expect", "orders"),
        _of_lifetime("chance_alive", "Chance to still be a customer", "share"),
        _of_lifetime("average_days_between_orders", "Average days between orders", "days"),
    ],
)


def _of_lifetime(name: str, label: str, unit: str) -> Feature:
    kind: Kind = "share" if unit == "share" else "number"
    return Feature(name, label, unit, "Lifetime", kind, "lifetimes", f"max({name})", default=None)


_PREDICTIONS: list[Reading] = [LIFETIME]


def register_events(source: EventSource) -> None:
    """Let an app above add events of its own tables, when Django starts."""
    _EVENTS[source.happening.name] = source


def register_predictions(reading: Reading) -> None:
    """Let an app above add what it predicts of customers, when Django starts."""
    if reading not in _PREDICTIONS:
        _PREDICTIONS.append(reading)


def event_sources() -> Mapping[str, EventSource]:
    return _EVENTS


def prediction_readings() -> list[Reading]:
    return _PREDICTIONS
