"""The kinds of record that belong to campaigns, taken in by the same path as customers and orders."""

from typing import Any

from campaigns.models import AudienceMember, Campaign, CampaignOffer, Holdout, Offer, OfferProduct, Redemption
from loyalty.models import Order
from loyalty.models.products import CURRENCY
from loyalty.services.ingest.customers import CUSTOMER
from loyalty.services.ingest.kinds import Cell, Column, Link, Options, Part, RecordKind, Reference, Rule
from loyalty.services.ingest.products import PRODUCT
from loyalty.services.ingest.registry import register_kind
from loyalty.services.ingest.spellings import choice_of
from loyalty.services.ingest.staging import CLEAN

ORDER = Reference(model=Order, key="external_id", noun="order")
OFFER = Reference(model=Offer, key="external_id", noun="offer")
CAMPAIGN = Reference(model=Campaign, key="external_id", noun="campaign")
# A campaign that was sent outside gets the people it was really sent to as its audience, once.
MAKE_AUDIENCES = f"""
WITH sent AS (
    SELECT c.id, c.name, c.starts_at FROM campaigns_campaign c
    WHERE c.audience_id IS NULL AND c.external_id IN (SELECT campaign_id FROM {CLEAN})
), made AS (
    INSERT INTO campaigns_audience (name, kind, rule, as_of, advice, created_at)
    SELECT left('Sent: ' || name, 200), 'imported', jsonb_build_object('campaign_id', id), starts_at, '', %(at)s
    FROM sent RETURNING id, (rule ->> 'campaign_id')::bigint AS campaign_id
)
UPDATE campaigns_campaign c SET audience_id = made.id FROM made WHERE made.campaign_id = c.id
"""


def make_audiences(cursor: Any, options: Options) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('campaigns_audience', 0))")
    cursor.execute(MAKE_AUDIENCES, {"at": options.at})


def _column(model: Any, name: str, cell: Cell, example: str, meaning: str, **more: Any) -> Column:
    """A column that fills the field of its own name, unless `field` names another."""
    return Column(**{"field": name, **more}, name=name, cell=cell, of=model, example=example, meaning=meaning)


def _key(model: Any, name: str, field: str, reference: Reference | None, example: str, meaning: str) -> Column:
    return _column(model, name, Cell.TEXT, example, meaning, field=field, reference=reference, is_required=True)


def _currency(model: Any) -> Column:
    return _column(
        model,
        "currency",
        Cell.TEXT,
        "USD",
        "The currency of the amounts.",
        pattern=CURRENCY,
        advice="Write the currency as three capital letters, like USD.",
        default=lambda options: options.currency,
    )


def _propensity(model: Any, example: str, minimum: float, maximum: float) -> Column:
    meaning = "The chance, from 0 to 1, that this customer had of being sent to before it was drawn, if it was drawn."
    return _column(model, "propensity", Cell.NUMBER, example, meaning, minimum=minimum, maximum=maximum)


def _part(model: Any, *key: str, of: tuple[Column, ...], links: tuple[Link, ...] = ()) -> Part:
    """A table that all the columns of its kind go to."""
    linked = {link.column for link in links}
    columns = tuple(one.name for one in of if one.name not in key and one.name not in linked)
    return Part(model=model, key=key, columns=columns, links=links)


OFFER_WORDS = {
    **dict.fromkeys(("voucher", "coupon code"), "coupon"),
    **dict.fromkeys(("percent", "percentage", "discount percent"), "percent_off"),
    **dict.fromkeys(("amount", "discount amount", "money off"), "amount_off"),
    **dict.fromkeys(("bonus points", "loyalty points"), "points"),
    **dict.fromkeys(("gift", "free gift", "free item"), "free_product"),
}
OFFER_COLUMNS = (
    _key(Offer, "offer_id", "external_id", None, "SPRING-1", "Your own key of the offer."),
    _column(Offer, "name", Cell.TEXT, "1.00 off coffee", "How it is called.", is_required=True),
    _column(
        Offer,
        "mechanic",
        Cell.TEXT,
        "amount_off",
        "How it works: coupon, percent_off, amount_off, points or free_product.",
        is_required=True,
        rewrite=choice_of(Offer.Mechanic, OFFER_WORDS),
    ),
    _column(Offer, "code", Cell.TEXT, "COFFEE1", "The code customers use, if all use the same one."),
    _column(Offer, "benefit_percent", Cell.NUMBER, "", "What it takes off, in percent.", minimum=0.01, maximum=100),
    _column(Offer, "benefit_amount", Cell.NUMBER, "1.00", "What it takes off, in money.", minimum=0),
    _column(Offer, "cost_per_redemption", Cell.NUMBER, "0.60", "What one use of it costs you.", minimum=0),
    _currency(Offer),
    _column(Offer, "valid_from", Cell.TIME, "2026-04-01", "From when it can be taken."),
    _column(Offer, "valid_until", Cell.TIME, "2026-05-01", "Until when it can be taken."),
    _column(Offer, "cap_total", Cell.INTEGER, "5000", "How often it can be taken in all.", minimum=0),
    _column(Offer, "cap_per_customer", Cell.INTEGER, "1", "How often each customer can take it.", minimum=0),
)
OFFERS = RecordKind(
    name="offers",
    label="Offers",
    description="What you promised: coupons, discounts, points, gifts.",
    columns=OFFER_COLUMNS,
    parts=(_part(Offer, "offer_id", of=OFFER_COLUMNS),),
    rules=(
        Rule(
            column="valid_until",
            needs=("valid_from", "valid_until"),
            wrong='s."valid_until" <= s."valid_from"',
            reason="The offer would end before it begins. Set valid_until after valid_from.",
        ),
    ),
)

OFFER_PRODUCT_COLUMNS = (
    _key(OfferProduct, "offer_id", "offer", OFFER, "SPRING-1", "The offer."),
    _key(OfferProduct, "sku", "product", PRODUCT, "4011", "A product it applies to, one row each."),
)
OFFER_PRODUCTS = RecordKind(
    name="offer_products",
    label="Products of offers",
    description="Which products an offer applies to.",
    columns=OFFER_PRODUCT_COLUMNS,
    parts=(_part(OfferProduct, "offer_id", "sku", of=OFFER_PRODUCT_COLUMNS),),
)

CAMPAIGN_COLUMNS = (
    _key(Campaign, "campaign_id", "external_id", None, "2026-04", "Your own key of the campaign."),
    _column(Campaign, "name", Cell.TEXT, "Spring coffee", "How it is called.", is_required=True),
    _column(
        Campaign,
        "type",
        Cell.TEXT,
        "coupon booklet",
        "Campaigns of one type are compared with each other.",
        is_required=True,
    ),
    _column(Campaign, "starts_at", Cell.TIME, "2026-04-01", "From when its offers could be taken.", is_required=True),
    _column(Campaign, "ends_at", Cell.TIME, "2026-05-01", "Until when.", is_required=True),
    _column(
        Campaign,
        "state",
        Cell.TEXT,
        "completed",
        "Where it stands, like completed, running or cancelled.",
        is_required=True,
        rewrite=choice_of(Campaign.State, {"done": "completed", "finished": "completed", "sent": "completed"}),
    ),
    _column(Campaign, "goal", Cell.TEXT, "Win back lapsed coffee drinkers", "What it was for."),
    _column(Campaign, "channel", Cell.TEXT, "email", "How it was sent: mail, email, sms, push."),
    _column(Campaign, "cost_per_contact", Cell.NUMBER, "0.02", "What one send cost.", minimum=0),
    _column(
        Campaign,
        "margin_share",
        Cell.NUMBER,
        "0.3",
        "The share of the revenue that was left as margin.",
        minimum=0,
        maximum=1,
    ),
    _column(Campaign, "budget", Cell.NUMBER, "1200", "What it was allowed to cost.", minimum=0),
    _column(
        Campaign,
        "holdout_share",
        Cell.NUMBER,
        "0.1",
        "The share of those chosen who were kept out on purpose.",
        minimum=0,
        maximum=0.999,
    ),
    _currency(Campaign),
)
CAMPAIGNS = RecordKind(
    name="campaigns",
    label="Campaigns",
    description="The campaigns you ran, with their dates and costs.",
    columns=CAMPAIGN_COLUMNS,
    parts=(_part(Campaign, "campaign_id", of=CAMPAIGN_COLUMNS),),
    rules=(
        Rule(
            column="ends_at",
            needs=("starts_at", "ends_at"),
            wrong='s."ends_at" <= s."starts_at"',
            reason="The campaign would end before it begins. Set ends_at after starts_at.",
        ),
    ),
)

CAMPAIGN_OFFER_COLUMNS = (
    _key(CampaignOffer, "campaign_id", "campaign", CAMPAIGN, "2026-04", "The campaign."),
    _key(CampaignOffer, "offer_id", "offer", OFFER, "SPRING-1", "An offer it made, one row each."),
)
CAMPAIGN_OFFERS = RecordKind(
    name="campaign_offers",
    label="Offers of campaigns",
    description="Which offers a campaign made.",
    columns=CAMPAIGN_OFFER_COLUMNS,
    parts=(_part(CampaignOffer, "campaign_id", "offer_id", of=CAMPAIGN_OFFER_COLUMNS),),
)

SEND_COLUMNS = (
    _key(AudienceMember, "campaign_id", "audience", CAMPAIGN, "2026-04", "The campaign."),
    _key(AudienceMember, "customer_id", "customer", CUSTOMER, "C-1001", "Who it was sent to, one row each."),
    _column(AudienceMember, "channel", Cell.TEXT, "email", "How it was sent, if not as the campaign says."),
    _column(AudienceMember, "sent_at", Cell.TIME, "2026-04-01 09:00", "When it was sent."),
    _column(AudienceMember, "cost", Cell.NUMBER, "0.02", "What this send cost.", minimum=0),
    _propensity(AudienceMember, "0.9", 0.000001, 1),
)
SENDS = RecordKind(
    name="sends",
    label="Campaign sends",
    description="Who each campaign was sent to.",
    columns=SEND_COLUMNS,
    parts=(
        _part(
            AudienceMember,
            "campaign_id",
            "customer_id",
            of=SEND_COLUMNS,
            links=(
                Link(column="campaign_id", field="audience", model=Campaign, key="external_id", value="audience_id"),
            ),
        ),
    ),
    prepare=make_audiences,
)

HOLDOUT_COLUMNS = (
    _key(Holdout, "campaign_id", "campaign", CAMPAIGN, "2026-04", "The campaign."),
    _key(Holdout, "customer_id", "customer", CUSTOMER, "C-1001", "Who was kept out, one row each."),
    _propensity(Holdout, "0.9", 0, 0.999999),
)
HOLDOUTS = RecordKind(
    name="holdouts",
    label="Customers held out",
    description="Who was chosen for a campaign and kept out on purpose, to see what it changes.",
    columns=HOLDOUT_COLUMNS,
    parts=(_part(Holdout, "campaign_id", "customer_id", of=HOLDOUT_COLUMNS),),
)

REDEMPTION_COLUMNS = (
    _key(Redemption, "campaign_id", "campaign", CAMPAIGN, "2026-04", "The campaign the offer came with."),
    _key(Redemption, "offer_id", "offer", OFFER, "SPRING-1", "The offer that was taken."),
    _key(Redemption, "customer_id", "customer", CUSTOMER, "C-1001", "Who took it."),
    _column(Redemption, "redeemed_at", Cell.TIME, "2026-04-07 12:15", "When it was taken.", is_required=True),
    _column(Redemption, "order_id", Cell.TEXT, "O-5001", "The order it was used in.", field="order", reference=ORDER),
    _column(Redemption, "code", Cell.TEXT, "COFFEE1-7Q2X", "The voucher that was used."),
    _column(Redemption, "discount", Cell.NUMBER, "1.00", "What it took off.", minimum=0),
)
REDEMPTIONS = RecordKind(
    name="redemptions",
    label="Redemptions",
    description="Who took which offer, and when.",
    columns=REDEMPTION_COLUMNS,
    parts=(_part(Redemption, "offer_id", "customer_id", "redeemed_at", of=REDEMPTION_COLUMNS),),
)

KINDS = (OFFERS, OFFER_PRODUCTS, CAMPAIGNS, CAMPAIGN_OFFERS, SENDS, HOLDOUTS, REDEMPTIONS)


def register_campaign_kinds() -> None:
    for kind in KINDS:
        register_kind(kind)
