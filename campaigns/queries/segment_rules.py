"""What rules of segments can ask about campaigns and what is predicted, told to the segments when Django starts."""

from dataclasses import replace

from campaigns.models import Campaign
from loyalty.engine.features import Feature
from loyalty.queries.features import Reading
from segments.engine.rules.catalogue import Field, Happening
from segments.queries.rules.sources import (
    ABOUT_PRODUCTS,
    TIMES,
    EventSource,
    FieldSource,
    MeasureSource,
    distinct,
    product_fields,
)

# What we worked out ourselves is known from when it was made, also where the shop's data ended long before.
MADE = "least({of}.made_at, %(as_of)s - interval '1 second')"
KNOWN_CAMPAIGNS = "SELECT name FROM campaigns_campaign WHERE name = ANY({values})"
KNOWN_OFFERS = "SELECT name FROM campaigns_offer WHERE name = ANY({values})"
OF_CAMPAIGN = FieldSource(
    "{of}.campaign_id IN (SELECT id FROM campaigns_campaign WHERE name = ANY({values}))",
    KNOWN_CAMPAIGNS,
    choices=distinct("name", "campaigns_campaign"),
)
OF_OFFER = FieldSource(
    "{of}.offer_id IN (SELECT id FROM campaigns_offer WHERE name = ANY({values}))",
    KNOWN_OFFERS,
    choices=distinct("name", "campaigns_offer"),
)
ABOUT = (Field("campaign", "Campaign", "of the campaign {}"), Field("offer", "Offer", "{}"))


def _of(source: FieldSource, alias: str) -> FieldSource:
    return replace(source, condition=source.condition.replace("{of}", alias))


SENT = EventSource(
    happening=Happening("sent", "Campaigns they got", "Got a campaign", "Got no campaign", (ABOUT[0],), (TIMES,)),
    table="campaigns_audiencemember m JOIN campaigns_campaign k ON k.audience_id = m.audience_id",
    customer="m.customer_id",
    at="coalesce(m.sent_at, k.starts_at)",
    condition="k.state IN ('running', 'paused', 'completed') AND NOT EXISTS ("
    "SELECT FROM campaigns_holdout h WHERE h.campaign_id = k.id AND h.customer_id = m.customer_id)",
    fields={"campaign": replace(OF_CAMPAIGN, condition="k.name = ANY({values})")},
    measures={"times": MeasureSource("count(*)")},
    tables=("campaigns_audiencemember", "campaigns_campaign"),
)
REDEEMED = EventSource(
    happening=Happening("redeemed", "Offers they took", "Took an offer", "Took no offer", ABOUT, (TIMES,)),
    table="campaigns_redemption d",
    customer="d.customer_id",
    at="d.redeemed_at",
    fields={"campaign": _of(OF_CAMPAIGN, "d"), "offer": _of(OF_OFFER, "d")},
    measures={"times": MeasureSource("count(*)")},
    tables=("campaigns_redemption",),
)
ASSIGNED = EventSource(
    happening=Happening(
        "assigned", "Next best offers", "Was given a next best offer", "Was given no next best offer", ABOUT, (TIMES,)
    ),
    table="campaigns_offerassignment n",
    customer="n.customer_id",
    at=MADE.format(of="n"),
    condition="n.status <> 'withdrawn' AND n.made_at <= %(inside_at)s",
    fields={"campaign": _of(OF_CAMPAIGN, "n"), "offer": _of(OF_OFFER, "n")},
    measures={"times": MeasureSource("count(*)")},
    tables=("campaigns_offerassignment",),
)
RECOMMENDED = EventSource(
    happening=Happening(
        "recommended", "Recommendations", "Is recommended something", "Is recommended nothing", ABOUT_PRODUCTS, (TIMES,)
    ),
    table="recommender_recommendation x JOIN recommender_modelversion v ON v.id = x.model_version_id",
    customer="x.customer_id",
    at=MADE.format(of="x"),
    condition="v.alias = 'champion' AND x.made_at <= %(inside_at)s",
    fields=product_fields("x.product_id"),
    measures={"times": MeasureSource("count(*)")},
    tables=("recommender_recommendation",),
)  # fmt: skip
EVENTS = (SENT, REDEEMED, ASSIGNED, RECOMMENDED)
CHANCES = Reading(
    tables=("campaigns_offerassignment",),
    rows="""
chances AS (
    SELECT customer_id, score, expected_value FROM campaigns_offerassignment
    WHERE customer_id {chosen} AND status <> 'withdrawn' AND made_at <= %(inside_at)s AND expires_at > %(as_of)s
)
""",
    features=lambda words: [
        Feature(
            "offer_chance", "Chance to take their next best offer", "share", "Next best offer", "share", "chances",
            "max(score)", default=None,
        ),
        Feature(
            "offer_value", "What their next best offers are expected to leave", "money", "Next best offer", "number",
            "chances", "sum(expected_value)", default=None,
        ),
    ],
)  # fmt: skip
PREDICTIONS = (CHANCES,)


def campaigns_about(segment_id: int) -> list[str]:
    """Campaigns that are to reach a segment: what is frozen does not need it any more, but names it."""
    found = Campaign.objects.filter(audience_rule__segment_id=segment_id).order_by("-pk")
    return [f"the campaign “{name}”" for name in found.values_list("name", flat=True)]
