"""What earlier campaigns teach: which had ended, when people redeemed, what a redemption was worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Count, Exists, Min, OuterRef, Q

from campaigns.engine.frames import DECIDED_BEFORE, PastCampaign
from campaigns.engine.reception_curve import WindowTimes
from campaigns.engine.rolling import History
from campaigns.models import AudienceMember, Campaign, OfferProduct, Redemption
from loyalty.models import Order
from loyalty.queries.frames import copy_frame
from loyalty.queries.orders import data_horizon

# A campaign that began before there was a month of orders teaches nothing; nor does one of a few days.
SHORTEST_HISTORY = timedelta(days=30)
SHORTEST_WINDOW = timedelta(days=21)
SENT_STATES = [Campaign.State.RUNNING, Campaign.State.PAUSED, Campaign.State.COMPLETED]

TIED = """
SELECT r.campaign_id, count(DISTINCT r.id) AS redemptions, sum(l.amount)::float8 AS revenue,
    sum(l.coupon_discount)::float8 AS discount, sum(l.quantity)::float8 AS units
FROM campaigns_redemption r
JOIN loyalty_order o ON o.customer_id = r.customer_id
    AND (o.ordered_at AT TIME ZONE %(zone)s)::date = (r.redeemed_at AT TIME ZONE %(zone)s)::date
JOIN loyalty_orderline l ON l.order_id = o.id AND l.coupon_discount > 0
JOIN campaigns_offerproduct op ON op.offer_id = r.offer_id AND op.product_id = l.product_id
WHERE r.redeemed_at < %(until)s AND o.ordered_at < %(until)s
    AND (%(campaign_id)s::bigint IS NULL OR r.campaign_id = %(campaign_id)s::bigint)
GROUP BY r.campaign_id
"""


@dataclass(frozen=True)
class TiedMoney:
    """Redemptions that can be tied to a discounted line of an order of the same day, and what those lines brought."""

    redemptions: int
    revenue: float
    discount: float
    units: float = 0.0

    @property
    def units_per_redemption(self) -> float:
        return self.units / self.redemptions if self.redemptions else 0.0

    @property
    def revenue_per_redemption(self) -> float:
        return self.revenue / self.redemptions if self.redemptions else 0.0

    @property
    def discount_per_redemption(self) -> float:
        return self.discount / self.redemptions if self.redemptions else 0.0


def finished_campaigns(as_of: datetime) -> list[PastCampaign]:
    """Campaigns that were sent, whose window had closed at `as_of`, oldest first."""
    return [campaign for campaign in observed_campaigns(as_of) if campaign.window_seen == 1]


def observed_campaigns(as_of: datetime) -> list[PastCampaign]:
    """Campaigns that were sent, oldest first; where `as_of` cuts a window off, it ends there."""
    first_order = Order.objects.aggregate(first=Min("ordered_at"))["first"]
    if first_order is None:
        return []
    members = AudienceMember.objects.filter(audience_id=OuterRef("audience_id"))
    rows = Campaign.objects.filter(
        Exists(members),
        state__in=SENT_STATES,
        starts_at__lt=as_of,
        starts_at__gte=first_order + SHORTEST_HISTORY,
    ).order_by("starts_at", "id")
    past = [PastCampaign(row.pk, row.type, row.starts_at, min(row.ends_at, as_of), row.ends_at) for row in rows]
    return [campaign for campaign in past if campaign.ends_at - campaign.starts_at >= SHORTEST_WINDOW]


def moment_known(*, at: datetime, starts_at: datetime) -> datetime:
    """The latest moment a forecast may look at: the day before the start, never after now or after the data end."""
    horizon = data_horizon()
    moments = [at, starts_at - DECIDED_BEFORE]
    return min([*moments, horizon] if horizon else moments)


def redemption_times(campaigns: Sequence[PastCampaign]) -> list[WindowTimes]:
    """When the redemptions of each campaign came, as shares of its window, in the order given."""
    rows = Redemption.objects.filter(campaign_id__in=[c.campaign_id for c in campaigns])
    moments: dict[int, list[datetime]] = {campaign.campaign_id: [] for campaign in campaigns}
    for campaign_id, redeemed_at in rows.values_list("campaign_id", "redeemed_at"):
        moments[campaign_id].append(redeemed_at)
    return [_window_times(campaign, moments[campaign.campaign_id]) for campaign in campaigns]


def _window_times(campaign: PastCampaign, moments: Sequence[datetime]) -> WindowTimes:
    window = campaign.ends_at - campaign.starts_at
    shares = np.array([(moment - campaign.starts_at) / window for moment in moments], dtype=np.float64)
    return WindowTimes(campaign.campaign_type, shares[(shares >= 0) & (shares < 1)])


def tied_money(*, until: datetime, zone: str, campaign_id: int | None = None) -> TiedMoney:
    """What redemptions before `until` brought, of one campaign or of all."""
    frame = copy_frame(TIED, {"until": until, "zone": zone, "campaign_id": campaign_id})
    return TiedMoney(
        redemptions=int(np.sum(frame["redemptions"].to_numpy())),
        revenue=float(np.sum(frame["revenue"].to_numpy())),
        discount=float(np.sum(frame["discount"].to_numpy())),
        units=float(np.sum(frame["units"].to_numpy())),
    )


def history_size(as_of: datetime) -> History:
    """How many campaigns had ended at `as_of`, and how many people took them, each campaign for itself."""
    ids = [campaign.campaign_id for campaign in finished_campaigns(as_of)]
    taken = Redemption.objects.filter(campaign_id__in=ids, redeemed_at__lt=as_of)
    return History(len(ids), taken.values("campaign_id", "customer_id").distinct().count())


def history_counts(as_of: datetime) -> dict[str, object]:
    """Counts that change whenever anything a model of `as_of` would learn from does.

    Nothing after the end of the last finished campaign is learnt from: until the next one ends, it stays the same.
    """
    campaigns = finished_campaigns(as_of)
    ids = [campaign.campaign_id for campaign in campaigns]
    until = max((campaign.ends_at for campaign in campaigns), default=as_of)
    members = Campaign.objects.filter(pk__in=ids).aggregate(n=Count("audience__members"))["n"]
    return {
        "campaigns": [[c.campaign_id, c.campaign_type, str(c.starts_at), str(c.ends_at)] for c in campaigns],
        "members": members,
        "products": OfferProduct.objects.filter(offer__campaigns__in=ids).count(),
        "redemptions": Redemption.objects.filter(redeemed_at__lt=until).count(),
        "orders": Order.objects.filter(Q(customer__isnull=False), ordered_at__lt=until).count(),
    }
