"""The kinds of record that belong to campaigns, taken in by the same path as customers and orders."""

from typing import Any

from campaigns.models import AudienceMember, Campaign, CampaignOffer, Offer, OfferProduct, Redemption
from loyalty.models.products import CURRENCY
from loyalty.services.ingest.customers import CUSTOMER
from loyalty.services.ingest.kinds import Cell, Column, Link, Options, Part, RecordKind, Reference, Rule, columns_of
from loyalty.services.ingest.products import PRODUCT
from loyalty.services.ingest.registry import register_kind
from loyalty.services.ingest.staging import CLEAN

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


def _key(name: str, model: Any, field: str, reference: Reference | None, example: str) -> Column:
    return Column(
        name=name, cell=Cell.TEXT, of=model, field=field, is_required=True, reference=reference, example=example
    )


def _currency(model: Any) -> Column:
    return Column(
        name="currency",
        cell=Cell.TEXT,
        of=model,
        field="currency",
        pattern=CURRENCY,
        advice="Write the currency as three capital letters, like USD.",
        default=lambda options: options.currency,
        example="USD",
    )


def _needed(model: Any, name: str, cell: Cell, example: str) -> Column:
    return Column(name=name, cell=cell, of=model, field=name, is_required=True, example=example)


OFFERS = RecordKind(
    name="offers",
    label="Offers",
    columns=(
        _key("offer_id", Offer, "external_id", None, "SPRING-1"),
        _needed(Offer, "name", Cell.TEXT, "1.00 off coffee"),
        _needed(Offer, "mechanic", Cell.TEXT, "amount_off"),
        Column(name="benefit_percent", cell=Cell.NUMBER, of=Offer, field="benefit_percent", minimum=0.01, maximum=100),
        Column(name="benefit_amount", cell=Cell.NUMBER, of=Offer, field="benefit_amount", minimum=0, example="1.00"),
        Column(name="cost_per_redemption", cell=Cell.NUMBER, of=Offer, field="cost_per_redemption", minimum=0),
        _currency(Offer),
        *columns_of(Offer, valid_from=Cell.TIME, valid_until=Cell.TIME),
        Column(name="cap_total", cell=Cell.INTEGER, of=Offer, field="cap_total", minimum=0),
        Column(name="cap_per_customer", cell=Cell.INTEGER, of=Offer, field="cap_per_customer", minimum=0),
    ),
    parts=(
        Part(
            model=Offer,
            key=("offer_id",),
            columns=(
                "name",
                "mechanic",
                "benefit_percent",
                "benefit_amount",
                "cost_per_redemption",
                "currency",
                "valid_from",
                "valid_until",
                "cap_total",
                "cap_per_customer",
            ),
        ),
    ),
    rules=(
        Rule(
            column="valid_until",
            needs=("valid_from", "valid_until"),
            wrong='s."valid_until" <= s."valid_from"',
            reason="The offer would end before it begins. Set valid_until after valid_from.",
        ),
    ),
)

OFFER_PRODUCTS = RecordKind(
    name="offer_products",
    label="Products of offers",
    columns=(
        _key("offer_id", OfferProduct, "offer", OFFER, "SPRING-1"),
        _key("sku", OfferProduct, "product", PRODUCT, "4011"),
    ),
    parts=(Part(model=OfferProduct, key=("offer_id", "sku"), columns=()),),
)

CAMPAIGNS = RecordKind(
    name="campaigns",
    label="Campaigns",
    columns=(
        _key("campaign_id", Campaign, "external_id", None, "2026-04"),
        _needed(Campaign, "name", Cell.TEXT, "Spring coffee"),
        _needed(Campaign, "type", Cell.TEXT, "coupon booklet"),
        _needed(Campaign, "starts_at", Cell.TIME, "2026-04-01"),
        _needed(Campaign, "ends_at", Cell.TIME, "2026-05-01"),
        _needed(Campaign, "state", Cell.TEXT, "completed"),
        *columns_of(Campaign, goal=Cell.TEXT, channel=Cell.TEXT),
        Column(name="cost_per_contact", cell=Cell.NUMBER, of=Campaign, field="cost_per_contact", minimum=0),
        Column(name="margin_share", cell=Cell.NUMBER, of=Campaign, field="margin_share", minimum=0, maximum=1),
        Column(name="budget", cell=Cell.NUMBER, of=Campaign, field="budget", minimum=0),
        _currency(Campaign),
    ),
    parts=(
        Part(
            model=Campaign,
            key=("campaign_id",),
            columns=(
                "name",
                "type",
                "starts_at",
                "ends_at",
                "state",
                "goal",
                "channel",
                "cost_per_contact",
                "margin_share",
                "budget",
                "currency",
            ),
        ),
    ),
    rules=(
        Rule(
            column="ends_at",
            needs=("starts_at", "ends_at"),
            wrong='s."ends_at" <= s."starts_at"',
            reason="The campaign would end before it begins. Set ends_at after starts_at.",
        ),
    ),
)

CAMPAIGN_OFFERS = RecordKind(
    name="campaign_offers",
    label="Offers of campaigns",
    columns=(
        _key("campaign_id", CampaignOffer, "campaign", CAMPAIGN, "2026-04"),
        _key("offer_id", CampaignOffer, "offer", OFFER, "SPRING-1"),
    ),
    parts=(Part(model=CampaignOffer, key=("campaign_id", "offer_id"), columns=()),),
)

SENDS = RecordKind(
    name="sends",
    label="Campaign sends",
    columns=(
        _key("campaign_id", AudienceMember, "audience", CAMPAIGN, "2026-04"),
        _key("customer_id", AudienceMember, "customer", CUSTOMER, "C-1001"),
    ),
    parts=(
        Part(
            model=AudienceMember,
            key=("campaign_id", "customer_id"),
            columns=(),
            links=(
                Link(column="campaign_id", field="audience", model=Campaign, key="external_id", value="audience_id"),
            ),
        ),
    ),
    prepare=make_audiences,
)

REDEMPTIONS = RecordKind(
    name="redemptions",
    label="Redemptions",
    columns=(
        _key("campaign_id", Redemption, "campaign", CAMPAIGN, "2026-04"),
        _key("offer_id", Redemption, "offer", OFFER, "SPRING-1"),
        _key("customer_id", Redemption, "customer", CUSTOMER, "C-1001"),
        _needed(Redemption, "redeemed_at", Cell.TIME, "2026-04-07 12:15"),
    ),
    parts=(Part(model=Redemption, key=("offer_id", "customer_id", "redeemed_at"), columns=("campaign_id",)),),
)

KINDS = (OFFERS, OFFER_PRODUCTS, CAMPAIGNS, CAMPAIGN_OFFERS, SENDS, REDEMPTIONS)


def register_campaign_kinds() -> None:
    for kind in KINDS:
        register_kind(kind)
