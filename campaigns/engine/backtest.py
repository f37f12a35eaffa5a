"""Does the model beat its baseline on past campaigns it had not seen? Then it serves, else the baseline does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.ledger import EntryScore, LedgerEntry, LedgerMetrics, ledger_metrics, score_entries
from campaigns.engine.reception import ReceptionModel, Responder, TypeRate
from campaigns.engine.rolling import rolling_forecasts


@dataclass(frozen=True)
class Backtest:
    """One estimator over past campaigns.

    Attributes
    ----------
    entries : tuple of LedgerEntry
    metrics : LedgerMetrics or None
        None when there was nothing to measure.
    """

    entries: tuple[LedgerEntry, ...]
    metrics: LedgerMetrics | None

    def scoreboard(self, rng: np.random.Generator) -> list[EntryScore]:
        """Return every past forecast beside the real number."""
        return score_entries(self.entries, rng)


@dataclass(frozen=True)
class Contest:
    """The model beside its baseline.

    Attributes
    ----------
    model, baseline : Backtest
    """

    model: Backtest
    baseline: Backtest

    @property
    def model_wins(self) -> bool:
        """Whether the model's squared error on unseen campaigns is the smaller one."""
        if self.model.metrics is None or self.baseline.metrics is None:
            return False
        return self.model.metrics.brier < self.baseline.metrics.brier

    @property
    def winner(self) -> Backtest:
        """The one that serves."""
        return self.model if self.model_wins else self.baseline

    @property
    def verdict(self) -> str:
        """Why, in one sentence for people."""
        if self.model.metrics is None or self.baseline.metrics is None:
            return "Too few past campaigns to test anything, so everybody gets the rate of the campaign's type."
        seen = f"on {self.model.metrics.n_campaigns} past campaigns it had not seen"
        if self.model_wins:
            return f"It told takers from others better than the type's average rate {seen}."
        return f"It was no better than the type's average rate {seen}, so the average rate serves."


def contest(frame: ReceptionFrame, rng: np.random.Generator) -> Contest:
    """Forecast every past campaign with both, as they would have been forecast then."""
    return Contest(_backtest(frame, ReceptionModel, rng), _backtest(frame, TypeRate, rng))


def fit_responder(frame: ReceptionFrame, *, use_model: bool) -> Responder:
    """Fit the model, or the baseline, on all of `frame`."""
    return ReceptionModel().fit(frame) if use_model else TypeRate().fit(frame)


def _backtest(
    frame: ReceptionFrame, estimator: type[ReceptionModel] | type[TypeRate], rng: np.random.Generator
) -> Backtest:
    entries = rolling_forecasts(frame, estimator)
    return Backtest(tuple(entries), ledger_metrics(entries, rng) if _measurable(entries) else None)


def _measurable(entries: Sequence[LedgerEntry]) -> bool:
    responded = np.concatenate([entry.responded for entry in entries]) if entries else np.array([])
    return bool(responded.any() and not responded.all())
