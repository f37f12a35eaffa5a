"""Who may get which offer of a campaign, and how much of each is left."""

from datetime import timedelta

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from campaigns.engine.frames import IntArray
from campaigns.models import (
    AudienceMember,
    Campaign,
    Holdout,
    Offer,
    OfferAssignment,
    OfferPolicy,
    OfferProduct,
    Pilot,
    Redemption,
)
from campaigns.queries.history import SENT_STATES
from loyalty.queries.frames import copy_frame

Status = OfferAssignment.Status
KEPT = (Status.ACCEPTED, Status.ISSUED)
# Contacts that are planned count like those that were made.
COMMITTED = [*SENT_STATES, Campaign.State.APPROVED, Campaign.State.SCHEDULED]
CONTACTS = """
SELECT customer_id, count(DISTINCT campaign_id) AS n FROM (
    SELECT m.customer_id, c.id AS campaign_id
    FROM campaigns_campaign c JOIN campaigns_audiencemember m ON m.audience_id = c.audience_id
    WHERE c.state = ANY(%(states)s) AND c.starts_at > %(since)s AND c.starts_at < %(until)s AND c.id <> %(campaign_id)s
    UNION ALL
    SELECT a.customer_id, a.campaign_id
    FROM campaigns_offerassignment a JOIN campaigns_campaign c ON c.id = a.campaign_id
    WHERE a.status = ANY(%(firm)s) AND c.starts_at > %(since)s AND c.starts_at < %(until)s AND c.id <> %(campaign_id)s
) contact GROUP BY customer_id HAVING count(DISTINCT campaign_id) >= %(most)s
"""


def policy_of(campaign: Campaign) -> OfferPolicy:
    """How the campaign gives out offers; as usual where nobody has said."""
    return OfferPolicy.objects.filter(campaign=campaign).first() or OfferPolicy(campaign=campaign)


def offers_of(campaign: Campaign) -> list[Offer]:
    """The campaign's offers in the order of their keys, each with `is_out`: none of its products can be sold."""
    products = OfferProduct.objects.filter(offer=OuterRef("pk"))
    sold = products.exclude(product__stock__lte=0)
    found = Offer.objects.filter(campaigns=campaign).annotate(is_out=Exists(products) & ~Exists(sold))
    return list(found.order_by("pk"))


def held_out_ids(campaign: Campaign) -> IntArray:
    return _ids(Holdout.objects.filter(campaign=campaign))


def pilot_customer_ids(campaign: Campaign) -> IntArray:
    """Customers who get the pilot of this campaign, and so never the campaign itself."""
    pilots = Pilot.objects.filter(of=campaign, called_off_at=None).values("campaign__audience")
    rows = AudienceMember.objects.filter(audience__in=pilots)
    return np.fromiter(rows.values_list("customer_id", flat=True), dtype=np.int64)


def often_contacted_ids(campaign: Campaign, policy: OfferPolicy) -> IntArray:
    """Customers who get as many other campaigns as the policy allows, in the days around this one's start."""
    if policy.contacts_at_most is None:
        return np.empty(0, dtype=np.int64)
    days = timedelta(days=policy.contact_days)
    values = {
        "states": [str(state) for state in COMMITTED],
        "firm": [str(status) for status in OfferAssignment.FIRM],
        "since": campaign.starts_at - days,
        "until": campaign.starts_at + days,
        "campaign_id": campaign.pk,
        "most": policy.contacts_at_most,
    }
    found: IntArray = copy_frame(CONTACTS, values)["customer_id"].to_numpy().astype(np.int64)
    return found


def kept_assignments(campaign: Campaign) -> QuerySet[OfferAssignment]:
    """What somebody said yes to, or was issued: a later round leaves it alone."""
    return OfferAssignment.objects.filter(campaign=campaign, status__in=KEPT)


def taken_back(campaign: Campaign) -> list[tuple[int, int]]:
    """(customer, offer) that a person withdrew from this campaign; they are not suggested again."""
    rows = OfferAssignment.objects.filter(campaign=campaign, status=Status.WITHDRAWN, decided_by__isnull=False)
    return list(rows.values_list("customer_id", "offer_id"))


def taken_as_often_as_allowed(offers: list[Offer]) -> list[tuple[int, int]]:
    """(customer, offer) that reached the cap a customer of the offer."""
    caps = {offer.pk: offer.cap_per_customer for offer in offers if offer.cap_per_customer is not None}
    rows = Redemption.objects.filter(offer__in=caps).values("customer_id", "offer_id").annotate(n=Count("*"))
    return [(row["customer_id"], row["offer_id"]) for row in rows if row["n"] >= (caps[row["offer_id"]] or 0)]


def left_of_caps(offers: list[Offer], campaign: Campaign) -> dict[int, int]:
    """How many customers each capped offer may still go to: less what was taken, and what was promised already."""
    taken = dict(Redemption.objects.filter(offer__in=offers).values_list("offer").annotate(n=Count("*")))
    replaced = Q(campaign=campaign, status=Status.AUTOMATIC)
    promised = OfferAssignment.objects.filter(offer__in=offers, status__in=OfferAssignment.FIRM).exclude(replaced)
    open_ = dict(promised.values_list("offer").annotate(n=Count("*")))
    return {
        offer.pk: max(offer.cap_total - taken.get(offer.pk, 0) - open_.get(offer.pk, 0), 0)
        for offer in offers
        if offer.cap_total is not None
    }


def _ids(rows: QuerySet[Holdout]) -> IntArray:
    return np.fromiter(rows.values_list("customer_id", flat=True), dtype=np.int64)
