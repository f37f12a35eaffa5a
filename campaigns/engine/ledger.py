"""The forecast ledger: forecasts as they were made, beside what happened, and how good they have been."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.metrics import roc_auc_score

from campaigns.engine.campaign_effect import (
    NO_EFFECT,
    CampaignEffect,
    EffectObservation,
    observed_effect,
)
from campaigns.engine.frames import BoolArray, FloatArray, IntArray, PastCampaign
from campaigns.engine.simulation import LEVELS, N_DRAWS, LogitBins, MetricForecast

N_CALIBRATION_GROUPS = 10
# Coarser than a simulation: one past campaign has thousands of customers, not millions.
N_BINS = 50


@dataclass(frozen=True)
class LedgerEntry:
    """One past campaign, forecast with what was known the day before.

    Attributes
    ----------
    campaign : PastCampaign
    logits : ndarray of float64, shape (n_customers,)
        The forecast as made, never refitted.
    redemptions : ndarray of int64, shape (n_customers,)
    effect : CampaignEffect
        What was believed about campaign effects that day.
    """

    campaign: PastCampaign
    logits: FloatArray
    redemptions: IntArray
    effect: CampaignEffect

    @property
    def responded(self) -> BoolArray:
        """Who redeemed, shape (n_customers,)."""
        return self.redemptions > 0

    @property
    def n_redeemers(self) -> int:
        """How many redeemed."""
        return int(self.responded.sum())

    @cached_property
    def chances(self) -> FloatArray:
        """What was told of each customer, the campaign effect averaged out, shape (n_customers,)."""
        return self.effect.marginal_chances(self.logits)

    @property
    def log_loss(self) -> float:
        """Mean negative log-likelihood of what its customers did."""
        return log_loss(self.chances, self.responded)

    @cached_property
    def residual(self) -> EffectObservation:
        """How far the campaign was from its forecast, on the logit scale."""
        return observed_effect(self.logits, self.n_redeemers)

    def redeemers(self, effect: CampaignEffect, rng: np.random.Generator) -> FloatArray:
        """Simulate the number of redeemers, shape (n_draws,)."""
        bins = LogitBins.equally_sized(self.logits, N_BINS)
        return bins.responses(effect.draw(N_DRAWS, rng), rng).sum(axis=0).astype(np.float64)


@dataclass(frozen=True)
class EntryScore:
    """One line of the scoreboard: the forecast number of redeemers beside the real one.

    Attributes
    ----------
    forecast, coin_toss : MetricForecast
        With the campaign effect, and without it.
    actual : int
    n_customers : int
        How many it was sent to.
    """

    campaign: PastCampaign
    forecast: MetricForecast
    coin_toss: MetricForecast
    actual: int
    n_customers: int

    def holds(self, level: float) -> bool:
        """Whether the interval at `level` held the real number."""
        interval = self.forecast.interval(level)
        return interval.low <= self.actual <= interval.high

    def coin_toss_holds(self, level: float) -> bool:
        """Whether the too narrow interval held it."""
        interval = self.coin_toss.interval(level)
        return interval.low <= self.actual <= interval.high


@dataclass(frozen=True)
class LedgerMetrics:
    """How good the forecasts have been.

    Attributes
    ----------
    n_campaigns, n_customers : int
    auc, brier, log_loss, calibration_error : float
        Of the chances told, over customers; the calibration error compares ten groups of equal size.
    total_ratio : float
        Expected redeemers over real ones.
    wape : float
        Sum over campaigns of the absolute error of the middle forecast over the sum of redeemers.
    coverage, coin_toss_coverage : dict of float to float
        Share of campaigns whose interval at each level held the real number.
    interval_score : float
        Mean score of the 90 % interval (Gneiting & Raftery 2007), in redeemers; smaller is better.
    relative_width : float
        Median over campaigns of the 90 % interval's width over the real number.
    """

    n_campaigns: int
    n_customers: int
    auc: float
    brier: float
    log_loss: float
    calibration_error: float
    total_ratio: float
    wape: float
    coverage: dict[float, float]
    coin_toss_coverage: dict[float, float]
    interval_score: float
    relative_width: float


def score_entries(entries: Sequence[LedgerEntry], rng: np.random.Generator) -> list[EntryScore]:
    """Return the scoreboard, one line a campaign, in the order of `entries`."""
    return [
        EntryScore(
            entry.campaign,
            MetricForecast.from_draws("redeemers", entry.redeemers(entry.effect, rng)),
            MetricForecast.from_draws("redeemers", entry.redeemers(NO_EFFECT, rng)),
            entry.n_redeemers,
            len(entry.logits),
        )
        for entry in entries
    ]


def ledger_metrics(entries: Sequence[LedgerEntry], rng: np.random.Generator) -> LedgerMetrics:
    """Measure the ledger.

    Raises
    ------
    ValueError
        When no campaign was forecast, or nobody or everybody responded: nothing can be measured then.
    """
    if not entries:
        raise ValueError("the ledger is empty")
    chances = np.concatenate([entry.chances for entry in entries])
    responded = np.concatenate([entry.responded for entry in entries])
    scores = score_entries(entries, rng)
    return LedgerMetrics(
        n_campaigns=len(entries),
        n_customers=len(chances),
        auc=float(roc_auc_score(responded, chances)),
        brier=float(np.mean((chances - responded) ** 2)),
        log_loss=log_loss(chances, responded),
        calibration_error=calibration_error(chances, responded),
        total_ratio=float(chances.sum() / responded.sum()),
        wape=_wape(scores),
        coverage={level: float(np.mean([s.holds(level) for s in scores])) for level in LEVELS},
        coin_toss_coverage={level: float(np.mean([s.coin_toss_holds(level) for s in scores])) for level in LEVELS},
        interval_score=float(np.mean([_interval_score(score, 0.9) for score in scores])),
        relative_width=float(np.median([_width(score, 0.9) / max(score.actual, 1) for score in scores])),
    )


def calibration_error(chances: FloatArray, responded: BoolArray) -> float:
    """Mean gap between forecast and real share over ten groups of equal size (expected calibration error)."""
    order = np.argsort(chances, kind="stable")
    groups = [group for group in np.array_split(order, N_CALIBRATION_GROUPS) if len(group)]
    gaps = [abs(chances[group].mean() - responded[group].mean()) * len(group) for group in groups]
    return float(np.sum(gaps) / len(chances))


def log_loss(chances: FloatArray, responded: BoolArray) -> float:
    """Mean negative log-likelihood of what happened."""
    return float(-np.mean(np.log(np.where(responded, chances, 1 - chances))))


def _wape(scores: Sequence[EntryScore]) -> float:
    errors = [abs(score.forecast.mid - score.actual) for score in scores]
    return float(np.sum(errors) / np.sum([score.actual for score in scores]))


def _width(score: EntryScore, level: float) -> float:
    interval = score.forecast.interval(level)
    return interval.high - interval.low


def _interval_score(score: EntryScore, level: float) -> float:
    interval = score.forecast.interval(level)
    missed = max(interval.low - score.actual, score.actual - interval.high, 0.0)
    return _width(score, level) + 2 / (1 - level) * missed
