"""What is expected of customers, as rules of segments ask for it."""

from loyalty.engine.features import Feature
from loyalty.queries.features import Reading

FAMILY = "What is expected of them"
LIFETIME = Reading(
    tables=("segments_prediction",),
    # Known from when it was made, also where the shop's data ended long before.
    rows="""
expected AS (
    SELECT customer_id, predicted_clv, expected_orders, chance_alive FROM segments_prediction
    WHERE customer_id {chosen} AND kind = 'clv' AND made_at <= %(inside_at)s
)
""",
    features=lambda words: [
        Feature("predicted_clv", "Spend to expect within twelve months", "money", FAMILY, "number", "expected",
                "max(predicted_clv)", default=None),
        Feature("expected_orders", "Orders to expect within twelve months", "orders", FAMILY, "number", "expected",
                "max(expected_orders)", default=None),
        Feature("chance_alive", "Chance to still be a customer", "share", FAMILY, "share", "expected",
                "max(chance_alive)", default=None),
    ],
)  # fmt: skip
