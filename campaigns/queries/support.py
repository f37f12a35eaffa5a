"""What past campaigns looked like, so that a plan can be held against them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Q

from campaigns.engine.support import Shape
from campaigns.models import AudienceMember, Campaign, CampaignOffer, OfferProduct
from campaigns.queries.history import SENT_STATES, finished_campaigns


def past_shapes(as_of: datetime) -> dict[int, Shape]:
    """Finished campaigns that a forecast as of this moment may learn from, by their key, oldest first."""
    ids = [campaign.campaign_id for campaign in finished_campaigns(as_of)]
    campaigns = Campaign.objects.filter(pk__in=ids).order_by("starts_at", "id")
    sizes = _sizes(campaigns)
    parts = _offer_parts(ids)
    return {campaign.pk: _shape(campaign, sizes[campaign.pk], parts[campaign.pk]) for campaign in campaigns}


def planned_shape(campaign: Campaign, n_customers: int) -> Shape:
    return _shape(campaign, n_customers, _offer_parts([campaign.pk])[campaign.pk])


def n_campaigns_sent(as_of: datetime) -> int:
    """Campaigns whose recipients are known, that began before `as_of`."""
    return Campaign.objects.filter(state__in=SENT_STATES, audience__isnull=False, starts_at__lt=as_of).count()


def _sizes(campaigns: Iterable[Campaign]) -> dict[int, int]:
    audiences = {campaign.pk: campaign.audience_id for campaign in campaigns}
    members = AudienceMember.objects.filter(audience__in=audiences.values()).order_by()
    counted = dict(members.values_list("audience_id").annotate(n=Count("*")))
    return {pk: counted.get(audience_id, 0) for pk, audience_id in audiences.items()}


def _offer_parts(campaign_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Of each campaign: mechanics, mean benefits where every offer says one, categories of the products."""
    parts: dict[int, dict[str, Any]] = {pk: {} for pk in campaign_ids}
    made = CampaignOffer.objects.filter(campaign__in=campaign_ids).order_by()
    for row in made.values("campaign_id").annotate(
        n=Count("*"),
        percent=Avg("offer__benefit_percent"),
        n_percent=Count("offer__benefit_percent"),
        amount=Avg("offer__benefit_amount"),
        n_amount=Count("offer__benefit_amount", filter=Q(offer__benefit_amount__gt=0)),
    ):
        parts[row["campaign_id"]] |= {
            "percent": float(row["percent"]) if row["n_percent"] == row["n"] else None,
            "amount": float(row["amount"]) if row["n_amount"] == row["n"] else None,
        }
    for campaign_id, mechanic in made.values_list("campaign_id", "offer__mechanic").distinct():
        parts[campaign_id].setdefault("mechanics", set()).add(mechanic)
    of_products = OfferProduct.objects.filter(
        offer__campaign_offers__campaign__in=campaign_ids, product__category__isnull=False
    ).order_by()
    for campaign_id, category_id in of_products.values_list(
        "offer__campaign_offers__campaign_id", "product__category_id"
    ).distinct():
        parts.get(campaign_id, {}).setdefault("categories", set()).add(category_id)
    planned = made.filter(offer__new_product__isnull=False)
    for campaign_id, category_id in planned.values_list("campaign_id", "offer__new_product__category_id").distinct():
        parts[campaign_id].setdefault("categories", set()).add(category_id)
    return parts


def _shape(campaign: Campaign, n_customers: int, parts: Mapping[str, Any]) -> Shape:
    return Shape(
        kind=campaign.type,
        channel=campaign.channel,
        n_customers=n_customers,
        days=(campaign.ends_at - campaign.starts_at) / timedelta(days=1),
        mechanics=frozenset(parts.get("mechanics", ())),
        percent=parts.get("percent"),
        amount=parts.get("amount"),
        categories=frozenset(parts.get("categories", ())),
    )
