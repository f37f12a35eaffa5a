"""Worlds with a known answer, for engine tests: shared by all apps, one small function a world."""

from datetime import UTC, datetime, timedelta

import numpy as np
from scipy.special import expit

from campaigns.engine.frames import CustomerFrame, PastCampaign, ReceptionFrame


def campaign_world(
    rng: np.random.Generator, *, n_campaigns: int, n_customers: int = 400, effect_sd: float = 0.0
) -> ReceptionFrame:
    """Campaigns a week apart; response depends on `coupon_orders` (+1.2 on the logit a unit of log1p)
    and on a planted campaign effect, not on `noise`."""
    first = datetime(2024, 1, 1, tzinfo=UTC)
    campaigns = tuple(
        PastCampaign(row, "mail", first + timedelta(days=7 * row), first + timedelta(days=7 * row + 6))
        for row in range(n_campaigns)
    )
    rows = np.repeat(np.arange(n_campaigns), n_customers)
    coupon_orders = rng.poisson(2.0, len(rows)).astype(np.float64)
    effects = effect_sd * rng.standard_normal(n_campaigns)
    chances = expit(-3.5 + 1.2 * np.log1p(coupon_orders) + effects[rows])
    redemptions = (rng.random(len(rows)) < chances) * rng.integers(1, 4, len(rows))
    values = np.column_stack([coupon_orders, rng.poisson(2.0, len(rows))])
    customers = CustomerFrame(np.tile(np.arange(n_customers), n_campaigns), values, ("coupon_orders", "noise"))
    return ReceptionFrame(customers, campaigns, rows, redemptions)
