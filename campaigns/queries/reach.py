"""Who is kept from a campaign whatever they are worth, and what is known of a person that may only be audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from django.db.models import Q

from campaigns.engine.audience.fairness import Trait
from campaigns.engine.frames import IntArray
from campaigns.models import AudienceMember, Campaign, OfferPolicy
from campaigns.queries.eligibility import COMMITTED, often_contacted_ids, policy_of
from loyalty.models import Customer
from loyalty.queries.frames import typed_frame
from segments.models import SegmentMembership

TRAITS = {"age_group": "Age", "gender": "Gender", "income_band": "Income", "location": "Where they live"}
# A trait with very many values says nothing of a group: the largest stand alone, the others together.
MOST_VALUES = 12
OTHERS = "Everywhere else"
SELECT_TRAITS = """
SELECT id AS customer_id, age_group, gender, income_band, location FROM loyalty_customer ORDER BY id
"""


def other_campaign_ids(campaign: Campaign) -> IntArray:
    """Customers of campaigns that are sent, or sure to be, on days on which this one runs."""
    beside = Campaign.objects.filter(
        state__in=COMMITTED, starts_at__lt=campaign.ends_at, ends_at__gt=campaign.starts_at, audience__isnull=False
    ).exclude(pk=campaign.pk)
    rows = AudienceMember.objects.filter(audience__in=beside.values("audience"))
    return np.fromiter(rows.values_list("customer_id", flat=True).distinct(), dtype=np.int64)


def members_of_segments(segment_ids: Sequence[int]) -> IntArray:
    """Customers who are in any of these segments now."""
    rows = SegmentMembership.objects.filter(segment__in=segment_ids, valid_until__isnull=True)
    return np.fromiter(rows.values_list("customer_id", flat=True).distinct(), dtype=np.int64)


def too_often_ids(campaign: Campaign, *, at_most: int | None, days: int | None) -> IntArray:
    """Customers who get that many other campaigns already; the campaign's own policy where no number is given."""
    policy = policy_of(campaign)
    if at_most is not None:
        policy = OfferPolicy(campaign=campaign, contacts_at_most=at_most, contact_days=days or policy.contact_days)
    return often_contacted_ids(campaign, policy)


@dataclass(frozen=True)
class Listed:
    """People named by their numbers: who they are, and how many numbers are nobody's."""

    customer_ids: IntArray
    n_unknown: int


def customers_named(external_ids: Sequence[str]) -> Listed:
    wanted = set(external_ids)
    rows = Customer.objects.filter(external_id__in=wanted).values_list("pk", flat=True)
    found = np.fromiter(rows, dtype=np.int64)
    return Listed(found, len(wanted) - len(found))


def traits_of(customer_ids: IntArray) -> dict[str, Trait]:
    """Each trait of these customers, whose ids rise; empty where unknown."""
    frame = typed_frame(SELECT_TRAITS, {}, column_types={name: pa.string() for name in TRAITS})
    rows = np.searchsorted(frame["customer_id"].to_numpy(), customer_ids)
    return {name: _largest(_trait(frame[name], rows)) for name in TRAITS}


def _trait(words: pa.ChunkedArray, rows: IntArray) -> Trait:
    """Of a million customers every word is kept once: as many words of their own would not fit beside the rest."""
    told = words.fill_null("").combine_chunks().dictionary_encode()
    values = np.array(told.dictionary.to_pylist(), dtype=np.str_)
    order = np.argsort(values, kind="stable")
    places = np.argsort(order)[told.indices.to_numpy()[rows]]
    return Trait(tuple(values[order].tolist()), places.astype(np.int64))


def _largest(trait: Trait) -> Trait:
    known = np.flatnonzero(trait.sizes)
    if len(known) <= MOST_VALUES:
        return trait
    kept = set(known[np.argsort(-trait.sizes[known], kind="stable")[:MOST_VALUES]].tolist())
    words = [value if place in kept or not value else OTHERS for place, value in enumerate(trait.values)]
    renamed = Trait.of(np.array(words, dtype=np.str_))
    return Trait(renamed.values, renamed.places[trait.places])


def names_of(model: Any, ids: Sequence[int]) -> list[str]:
    """What rows are called, in the order of their keys; those gone by now are left out."""
    return [str(row) for row in model.objects.filter(Q(pk__in=ids)).order_by("pk")]
