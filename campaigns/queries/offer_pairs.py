"""What ties each customer to each offer of a campaign, as known before a moment; and what past redeemers chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from campaigns.engine.frames import FloatArray, IntArray, PastCampaign
from campaigns.engine.offer_choice import FEATURES, Choices
from campaigns.models import CampaignOffer
from loyalty.queries.frames import copy_frame

# Older choices tell less of what people take now, and a campaign of hundreds of offers is long to read.
CAMPAIGNS_READ = 12
OWN = """
SELECT o.customer_id, op.offer_id, count(*) AS n
FROM campaigns_campaignoffer co
JOIN campaigns_offerproduct op ON op.offer_id = co.offer_id
JOIN loyalty_orderline l ON l.product_id = op.product_id
JOIN loyalty_order o ON o.id = l.order_id
WHERE co.campaign_id = %(campaign_id)s AND o.ordered_at < %(as_of)s AND l.quantity > 0
    AND o.customer_id = ANY(%(customers)s)
GROUP BY 1, 2
"""
ALIKE = """
WITH of_offer AS (
    SELECT DISTINCT op.offer_id, p.category_id
    FROM campaigns_campaignoffer co
    JOIN campaigns_offerproduct op ON op.offer_id = co.offer_id
    JOIN loyalty_product p ON p.id = op.product_id
    WHERE co.campaign_id = %(campaign_id)s AND p.category_id IS NOT NULL
), bought AS (
    SELECT o.customer_id, p.category_id, count(*) AS n
    FROM loyalty_order o
    JOIN loyalty_orderline l ON l.order_id = o.id
    JOIN loyalty_product p ON p.id = l.product_id
    WHERE o.customer_id = ANY(%(customers)s) AND o.ordered_at < %(as_of)s AND l.quantity > 0
        AND p.category_id IN (SELECT category_id FROM of_offer)
    GROUP BY 1, 2
)
SELECT b.customer_id, f.offer_id, sum(b.n)::bigint AS n
FROM bought b JOIN of_offer f USING (category_id) GROUP BY 1, 2
"""
BREADTH = """
SELECT co.offer_id, count(op.id) AS n
FROM campaigns_campaignoffer co LEFT JOIN campaigns_offerproduct op ON op.offer_id = co.offer_id
WHERE co.campaign_id = %(campaign_id)s GROUP BY 1 ORDER BY 1
"""
# Only what was recommended from purchases before the moment: a later list knows what is to be foretold.
RECOMMENDED = """
SELECT r.customer_id, op.offer_id, sum(1.0 / (1 + r.rank)) AS n
FROM campaigns_campaignoffer co
JOIN campaigns_offerproduct op ON op.offer_id = co.offer_id
JOIN recommender_recommendation r ON r.product_id = op.product_id
JOIN recommender_modelversion v ON v.id = r.model_version_id
WHERE co.campaign_id = %(campaign_id)s AND v.alias = 'champion' AND v.data_until <= %(as_of)s
    AND r.made_at <= %(at)s AND r.customer_id = ANY(%(customers)s)
GROUP BY 1, 2
"""
TAKEN = """
SELECT r.customer_id, r.offer_id FROM campaigns_redemption r JOIN campaigns_campaign c ON c.id = r.campaign_id
JOIN campaigns_campaignoffer co ON co.campaign_id = c.id AND co.offer_id = r.offer_id
WHERE r.campaign_id = %(campaign_id)s AND r.redeemed_at >= c.starts_at
    AND r.redeemed_at < least(c.ends_at, %(until)s)
ORDER BY r.customer_id, r.redeemed_at, r.id
"""


@dataclass(frozen=True)
class OfferPairs:
    """Every customer with every offer of a campaign.

    `features` has shape (n_customers, n_offers, 3), in the order of `engine.offer_choice.FEATURES`.
    """

    customer_ids: IntArray
    offer_ids: IntArray
    features: FloatArray

    def named(self, name: str) -> FloatArray:
        found: FloatArray = self.features[:, :, FEATURES.index(name)]
        return found


def offer_pairs(*, campaign_id: int, customer_ids: IntArray, as_of: datetime) -> OfferPairs:
    """What customers had bought of each offer's products, and of their categories, before `as_of`."""
    about = {"campaign_id": campaign_id, "as_of": as_of, "customers": customer_ids.tolist()}
    breadth = copy_frame(BREADTH, about)
    offer_ids = breadth["offer_id"].to_numpy()
    found = [_spread(copy_frame(sql, about), customer_ids, offer_ids) for sql in (OWN, ALIKE)]
    wide = np.broadcast_to(breadth["n"].to_numpy().astype(np.float64), found[0].shape)
    return OfferPairs(customer_ids, offer_ids, np.stack([*found, wide], axis=2))


def recommended_shares(*, campaign_id: int, pairs: OfferPairs, as_of: datetime, at: datetime) -> FloatArray:
    """How high each offer's products stand in what is recommended to each customer, shape (n_customers, n_offers)."""
    customers = pairs.customer_ids.tolist()
    frame = copy_frame(RECOMMENDED, {"campaign_id": campaign_id, "as_of": as_of, "at": at, "customers": customers})
    return _spread(frame, pairs.customer_ids, pairs.offer_ids)


def past_choices(campaigns: Sequence[PastCampaign], *, until: datetime) -> Choices:
    """What redeemers of the newest of these campaigns took, among all the offers of each."""
    read = [_choices_in(number, one, until) for number, one in enumerate(campaigns[-CAMPAIGNS_READ:])]
    kept = [one for one in read if len(one)]
    if not kept:
        empty = np.empty(0, dtype=np.int64)
        return Choices(np.empty((0, len(FEATURES))), empty, empty, empty, empty)
    shifts = np.concatenate([[0], np.cumsum([len(one.features) for one in kept])[:-1]])
    return Choices(
        np.concatenate([one.features for one in kept]),
        np.concatenate([one.starts + shift for one, shift in zip(kept, shifts, strict=True)]),
        np.concatenate([one.taken + shift for one, shift in zip(kept, shifts, strict=True)]),
        np.concatenate([one.customers for one in kept]),
        np.concatenate([one.campaigns for one in kept]),
    )


def _choices_in(number: int, campaign: PastCampaign, until: datetime) -> Choices:
    frame = copy_frame(TAKEN, {"campaign_id": campaign.campaign_id, "until": until})
    customers = frame["customer_id"].to_numpy().astype(np.int64)
    several = CampaignOffer.objects.filter(campaign=campaign.campaign_id).count() > 1
    customers = customers if several else customers[:0]
    who = np.unique(customers)
    pairs = offer_pairs(campaign_id=campaign.campaign_id, customer_ids=who, as_of=campaign.decided_at)
    n_offers = len(pairs.offer_ids)
    rows = np.searchsorted(who, customers)
    columns = np.searchsorted(pairs.offer_ids, frame["offer_id"].to_numpy()[: len(customers)])
    starts = np.arange(len(customers), dtype=np.int64) * n_offers
    return Choices(
        pairs.features[rows].reshape(-1, len(FEATURES)),
        starts,
        (starts + columns).astype(np.int64),
        customers,
        np.full(len(customers), number, dtype=np.int64),
    )


def _spread(frame: pa.Table, customer_ids: IntArray, offer_ids: IntArray) -> FloatArray:
    """Counts by customer and offer as a matrix. Both keys are in rising order."""
    matrix = np.zeros((len(customer_ids), len(offer_ids)))
    if frame.num_rows:
        rows = np.searchsorted(customer_ids, frame["customer_id"].to_numpy())
        columns = np.searchsorted(offer_ids, frame["offer_id"].to_numpy())
        matrix[rows, columns] = frame["n"].to_numpy()
    return matrix
