"""A campaign to simulate, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.simulation.bins import LogitBins
from campaigns.engine.simulation.counts import RedemptionCounts
from campaigns.engine.simulation.figures import MetricForecast
from campaigns.engine.simulation.money import Assumptions, money

METRICS = (
    "reach",
    "redeemers",
    "redemptions",
    "units",
    "revenue",
    "discount_cost",
    "points_liability",
    "contact_cost",
    "margin",
    "profit",
)
N_DRAWS = 4_000


@dataclass(frozen=True)
class Plan:
    """A campaign to simulate.

    Attributes
    ----------
    logits : ndarray of float64, shape (n_customers,)
        Log-odds of response of everybody on the list.
    effect : CampaignEffect
    counts : RedemptionCounts
    assumptions : Assumptions
    n_draws : int
    """

    logits: FloatArray
    effect: CampaignEffect
    counts: RedemptionCounts
    assumptions: Assumptions
    n_draws: int = N_DRAWS

    def __post_init__(self) -> None:
        if len(self.logits) == 0:
            raise ValueError("a campaign without customers cannot be simulated")
        if not np.isfinite(self.logits).all():
            raise ValueError("logits must be finite")


@dataclass(frozen=True)
class Forecast:
    """How a campaign would be received.

    Attributes
    ----------
    metrics : mapping of str to MetricForecast
    coin_toss_redeemers : MetricForecast
        The same count if every campaign went as the model expects: too narrow, kept only for comparison.
    draws : mapping of str to ndarray, each of shape (n_draws,)
        The simulated campaigns behind `metrics`: the same place is the same campaign in all of them.
    """

    metrics: Mapping[str, MetricForecast]
    coin_toss_redeemers: MetricForecast
    draws: Mapping[str, FloatArray | IntArray] = field(compare=False, repr=False)

    def __getitem__(self, metric: str) -> MetricForecast:
        return self.metrics[metric]


def simulate(plan: Plan, rng: np.random.Generator) -> Forecast:
    """Simulate the campaign `plan.n_draws` times and summarise every figure with its intervals.

    Effects, responses, redemptions and coin tosses each have a stream of their own: two plans that are simulated with
    the same seed meet the same campaign effects, so that what differs between them is the plan.
    """
    *for_redeemers, for_counts, for_tosses = rng.spawn(4)
    bins = LogitBins.from_logits(plan.logits)
    redeemers = _redeemers(plan, bins, *for_redeemers)
    redemptions = plan.counts.total(redeemers, for_counts)
    n_contacts = len(plan.logits)
    draws: dict[str, FloatArray | IntArray] = {
        "reach": np.full(plan.n_draws, n_contacts),
        "redeemers": redeemers,
        "redemptions": redemptions,
        **money(n_contacts, redemptions, plan.assumptions),
    }
    tossed = bins.tosses(plan.n_draws, for_tosses)
    return Forecast(
        {metric: MetricForecast.from_draws(metric, draws[metric]) for metric in METRICS},
        MetricForecast.from_draws("redeemers", tossed),
        draws,
    )


def simulate_redeemers(plan: Plan, rng: np.random.Generator) -> MetricForecast:
    """Forecast how many take it and nothing else, the same as `simulate` does from the same `rng`."""
    for_effects, for_responses, *_ = rng.spawn(4)
    drawn = _redeemers(plan, LogitBins.from_logits(plan.logits), for_effects, for_responses)
    return MetricForecast.from_draws("redeemers", drawn)


def _redeemers(
    plan: Plan, bins: LogitBins, for_effects: np.random.Generator, for_responses: np.random.Generator
) -> IntArray:
    return bins.responses(plan.effect.draw(plan.n_draws, for_effects), for_responses).sum(axis=0)
