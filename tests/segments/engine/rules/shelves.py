"""A catalogue without a database."""

from segments.engine.rules.catalogue import Catalogue, Field, Happening, Known, Measure

BOUGHT = Happening(
    "bought", "Purchases", "Bought", "Did not buy",
    fields=(Field("category", "Category", "in {}"), Field("product", "Product", "{}")),
    measures=(
        Measure("times", "How often", "{} times"),
        Measure("spend", "Spent in total", "for {} in total", "money"),
    ),
)  # fmt: skip
VALUES = (
    Known("feature", "orders_90", "Orders in the last 90 days", "orders", "Orders and spend"),
    Known("feature", "coupon_share_all", "Orders with a coupon", "share", "Discounts", "share"),
    Known("feature", "preferred_channel", "Preferred channel", "word", "Person", "word", ("mail", "email")),
    Known("feature", "category_share_365:Tea", "Share of spend on Tea in the last 365 days", "share", "Mix", "share"),
)
CATALOGUE = Catalogue(
    values={(one.kind, one.name): one for one in VALUES},
    happenings={"bought": BOUGHT},
    segments={4: "Big spenders"},
    consents=[("marketing", "email")],
)
