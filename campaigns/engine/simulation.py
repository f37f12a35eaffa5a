"""Simulating how a campaign would be received, before it is sent.

One campaign effect is drawn for each simulated campaign and shared by all its customers; then customers
respond, redeem and bring money. Counts are back-tested; money is a stated assumption times such a count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import expit, logit

from campaigns.engine.campaign_effect import NO_EFFECT, CampaignEffect
from campaigns.engine.frames import FloatArray, IntArray

METRICS = (
    "reach",
    "redeemers",
    "redemptions",
    "revenue",
    "discount_cost",
    "contact_cost",
    "margin",
    "profit",
)
LEVELS = (0.5, 0.8, 0.9, 0.95)
N_BINS = 400
N_DRAWS = 4_000
CAMPAIGN_JITTER_SD = 0.2


@dataclass(frozen=True)
class Assumptions:
    """Money the simulation takes as given, in the currency of the campaign.

    Attributes
    ----------
    cost_per_contact, cost_per_redemption, revenue_per_redemption : float
        Not negative.
    margin_share : float
        Share of revenue left after the cost of goods, 0 to 1, before the discount.
    """

    cost_per_contact: float
    cost_per_redemption: float
    revenue_per_redemption: float
    margin_share: float

    def __post_init__(self) -> None:
        if min(self.cost_per_contact, self.cost_per_redemption, self.revenue_per_redemption) < 0:
            raise ValueError("costs and revenue must not be negative")
        if not 0 <= self.margin_share <= 1:
            raise ValueError("margin_share must lie between 0 and 1")

    @property
    def value_per_redemption(self) -> float:
        """Margin left by one redemption after its discount."""
        return self.revenue_per_redemption * self.margin_share - self.cost_per_redemption


@dataclass(frozen=True)
class RedemptionCounts:
    """How often people redeem who redeem at all.

    Attributes
    ----------
    values : ndarray of int64, shape (n_values,)
        Distinct counts, each at least 1.
    shares : ndarray of float64, shape (n_values,)
        Share of redeemers with each count; sums to 1.
    """

    values: IntArray
    shares: FloatArray

    @classmethod
    def from_redeemers(cls, counts: IntArray, weights: FloatArray | None = None) -> Self:
        """Build from past redeemers, one count each, optionally weighted (recent campaigns more).

        Raises
        ------
        ValueError
            When there is no redeemer, or a count below 1.
        """
        if len(counts) == 0 or counts.min() < 1:
            raise ValueError("every redeemer redeems at least once, and there must be one")
        values, places = np.unique(counts, return_inverse=True)
        totals = np.bincount(places, weights=weights)
        return cls(values.astype(np.int64), np.asarray(totals / totals.sum(), dtype=np.float64))

    @property
    def mean(self) -> float:
        """Redemptions per redeemer."""
        return float(self.values @ self.shares)

    def total(self, n_redeemers: IntArray, rng: np.random.Generator) -> IntArray:
        """Redemptions of each simulated campaign, its mean jittered by exp(.2 z), shape of `n_redeemers`."""
        repeats = rng.multinomial(n_redeemers, self.shares) @ self.values - n_redeemers
        jitter = np.exp(CAMPAIGN_JITTER_SD * rng.standard_normal(n_redeemers.shape))
        return np.asarray(n_redeemers + np.rint(repeats * jitter), dtype=np.int64)


@dataclass(frozen=True)
class LogitBins:
    """Customers of similar odds counted together, best first.

    Attributes
    ----------
    centres : ndarray of float64, shape (n_bins,)
        Logit of the bin's mean probability: totals stay exact.
    sizes : ndarray of int64, shape (n_bins,)
    """

    centres: FloatArray
    sizes: IntArray

    @classmethod
    def from_logits(cls, logits: FloatArray, n_bins: int = N_BINS) -> Self:
        """Cut the customers, best first, into at most `n_bins` bins of equal size."""
        ordered = np.sort(logits)[::-1]
        edges = np.linspace(0, len(ordered), min(n_bins, len(ordered)) + 1).astype(np.int64)
        sizes = np.diff(edges)
        means = np.add.reduceat(expit(ordered), edges[:-1]) / sizes
        return cls(np.asarray(logit(means)), sizes)

    def responses(self, effects: FloatArray, rng: np.random.Generator) -> IntArray:
        """Draw who responds, shape (n_bins, n_draws), one column for each campaign effect."""
        chances = expit(self.centres[:, None] + effects[None, :])
        return np.asarray(rng.binomial(self.sizes[:, None], chances), dtype=np.int64)


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
class Interval:
    """Where a figure falls with probability `level`."""

    level: float
    low: float
    high: float


@dataclass(frozen=True)
class MetricForecast:
    """One forecast figure.

    Attributes
    ----------
    metric : str
        One of `METRICS`.
    mid : float
        Median of the simulated campaigns.
    mean : float
    intervals : tuple of Interval
        Widest last; central intervals at `LEVELS`.
    """

    metric: str
    mid: float
    mean: float
    intervals: tuple[Interval, ...]

    @classmethod
    def from_draws(cls, metric: str, draws: FloatArray | IntArray) -> Self:
        """Summarise the simulated campaigns, shape (n_draws,)."""
        tails = [(1 - level) / 2 for level in LEVELS]
        lows, highs = np.quantile(draws, tails), np.quantile(draws, [1 - tail for tail in tails])
        intervals = [Interval(*row) for row in zip(LEVELS, lows.tolist(), highs.tolist(), strict=True)]
        return cls(metric, float(np.median(draws)), float(np.mean(draws)), tuple(intervals))

    def interval(self, level: float) -> Interval:
        """Return the central interval at `level`, one of `LEVELS`.

        Raises
        ------
        KeyError
            For another level.
        """
        for interval in self.intervals:
            if interval.level == level:
                return interval
        raise KeyError(level)


@dataclass(frozen=True)
class Forecast:
    """How a campaign would be received.

    Attributes
    ----------
    metrics : mapping of str to MetricForecast
    coin_toss_redeemers : MetricForecast
        The same count if every campaign went as the model expects: too narrow, kept only for comparison.
    """

    metrics: Mapping[str, MetricForecast]
    coin_toss_redeemers: MetricForecast

    def __getitem__(self, metric: str) -> MetricForecast:
        return self.metrics[metric]


def money(n_contacts: int, redemptions: FloatArray | IntArray, assumptions: Assumptions) -> dict[str, FloatArray]:
    """Turn redemptions into revenue, costs, margin and profit, each of the shape of `redemptions`."""
    revenue = redemptions * assumptions.revenue_per_redemption
    discount = redemptions * assumptions.cost_per_redemption
    contact = np.full(len(redemptions), n_contacts * assumptions.cost_per_contact)
    margin = revenue * assumptions.margin_share
    return {
        "revenue": revenue,
        "discount_cost": discount,
        "contact_cost": contact,
        "margin": margin,
        "profit": margin - discount - contact,
    }


def simulate(plan: Plan, rng: np.random.Generator) -> Forecast:
    """Simulate the campaign `plan.n_draws` times and summarise every figure with its intervals."""
    bins = LogitBins.from_logits(plan.logits)
    effects = plan.effect.draw(plan.n_draws, rng)
    redeemers = bins.responses(effects, rng).sum(axis=0)
    redemptions = plan.counts.total(redeemers, rng)
    n_contacts = len(plan.logits)
    draws: dict[str, FloatArray | IntArray] = {
        "reach": np.full(plan.n_draws, n_contacts),
        "redeemers": redeemers,
        "redemptions": redemptions,
        **money(n_contacts, redemptions, plan.assumptions),
    }
    tossed = bins.responses(NO_EFFECT.draw(plan.n_draws, rng), rng).sum(axis=0)
    return Forecast(
        {metric: MetricForecast.from_draws(metric, draws[metric]) for metric in METRICS},
        MetricForecast.from_draws("redeemers", tossed),
    )
