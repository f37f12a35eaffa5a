"""Features of how a customer answered earlier offers, told to the feature store when Django starts."""

from loyalty.engine.features import Feature, over_windows
from loyalty.queries.features import Outcome, Reading

ROWS = """
sent AS (
    SELECT m.customer_id, c.id AS campaign_id, c.starts_at AS at
    FROM campaigns_campaign c JOIN campaigns_audiencemember m ON m.audience_id = c.audience_id
    WHERE m.customer_id {chosen} AND c.starts_at < %(as_of)s AND c.state IN ('running', 'paused', 'completed')
), taken AS (
    SELECT customer_id, campaign_id, redeemed_at AS at FROM campaigns_redemption
    WHERE customer_id {chosen} AND redeemed_at < %(as_of)s
), answered AS (
    SELECT sent.customer_id, sent.at, EXISTS (
        SELECT FROM taken WHERE taken.customer_id = sent.customer_id AND taken.campaign_id = sent.campaign_id
    ) AS is_taken
    FROM sent
)
"""
IN_WINDOW = "FILTER (WHERE at >= {since})"
FAMILY = "Earlier offers"
RESPONSE = (
    Feature(
        "campaigns_received", "Campaigns they got", "campaigns", FAMILY, "number", "answered", f"count(*) {IN_WINDOW}"
    ),
    Feature("redemptions", "Offers taken", "offers", FAMILY, "number", "taken", f"count(*) {IN_WINDOW}"),
    Feature(
        "campaigns_taken_share", "Campaigns taken, of those they got", "share", FAMILY, "share", "answered",
        "count(*) FILTER (WHERE is_taken AND at >= {since})::numeric"
        " / nullif(count(*) FILTER (WHERE at >= {since}), 0)", default=None,
    ),
)  # fmt: skip
LAST_TAKEN = Feature(
    "offer_recency_days", "Days since they last took an offer", "days", FAMILY, "number", "taken",
    "extract(epoch FROM {as_of} - max(at)) / 86400", default=None,
)  # fmt: skip
OFFERS = Reading(
    tables=("campaigns_campaign", "campaigns_audiencemember", "campaigns_redemption"),
    rows=ROWS,
    features=lambda words: [*over_windows(RESPONSE), LAST_TAKEN],
)
TOOK_AN_OFFER = Outcome(
    "took_an_offer",
    "taking an offer within 30 days",
    """
SELECT m.customer_id, bool_or(r.id IS NOT NULL) AS did
FROM campaigns_campaign c
JOIN campaigns_audiencemember m ON m.audience_id = c.audience_id
LEFT JOIN campaigns_redemption r ON r.campaign_id = c.id AND r.customer_id = m.customer_id
    AND r.redeemed_at >= %(as_of)s AND r.redeemed_at < %(until)s
WHERE c.starts_at < %(until)s AND c.ends_at > %(as_of)s AND c.state IN ('running', 'paused', 'completed')
GROUP BY m.customer_id ORDER BY m.customer_id
""",
)
