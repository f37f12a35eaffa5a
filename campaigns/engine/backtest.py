"""Which estimator serves? Each forecasts past campaigns that it had not seen; a simpler one gives way only to proof."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.engine.feature_groups import is_extra
from campaigns.engine.frames import FloatArray, PastCampaign, ReceptionFrame
from campaigns.engine.ledger import EntryScore, LedgerEntry, LedgerMetrics, ledger_metrics, score_entries
from campaigns.engine.reception import Estimator
from campaigns.engine.rolling import History, rolling_forecasts

N_RESAMPLES = 2_000
# Two-sided 90 %: a chance of one in twenty that what looks better is not.
TAIL = 0.05
# So few campaigns cannot tell a refinement from luck; what learns for long is not tried before.
FEWEST_FOR_REFINEMENTS = 10


@dataclass(frozen=True)
class Entrant:
    """An estimator in the contest.

    Attributes
    ----------
    name : str
        Key of it everywhere.
    label : str
        What people call it.
    make : callable
        Returns a new, unfitted one.
    fewest_campaigns : int
        Only tried once there are so many, to tell it from a simpler one.
    extra : tuple of str
        Features it looks at besides those that serve always.
    """

    name: str
    label: str
    make: Callable[[], Estimator]
    fewest_campaigns: int = 0
    extra: tuple[str, ...] = ()

    def seen(self, frame: ReceptionFrame) -> ReceptionFrame:
        """What it may look at of `frame`."""
        return frame.named([name for name in frame.customers.names if not is_extra(name) or name in self.extra])

    def can_be_tried(self, frame: ReceptionFrame) -> bool:
        """Whether there are campaigns enough to tell it from a simpler one, and the features it looks at."""
        return frame.n_campaigns >= self.fewest_campaigns and set(self.extra) <= set(frame.customers.names)


def columns_for(entrants: Sequence[Entrant], n_campaigns: int) -> tuple[str, ...]:
    """Columns wanted by those that can be tried with so many campaigns, besides what serves always."""
    tried = [entrant.extra for entrant in entrants if entrant.fewest_campaigns <= n_campaigns]
    return tuple(dict.fromkeys(name for extra in tried for name in extra))


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
class Gain:
    """How much smaller the log-loss a customer is on unseen campaigns, with a 90 % interval over campaigns."""

    mid: float
    low: float
    high: float


@dataclass(frozen=True)
class Contest:
    """The entrants, simplest first, and who of them serves.

    Attributes
    ----------
    entrants : tuple of Entrant
        Those that were tried.
    backtests : mapping of str to Backtest
    gains : mapping of str to Gain
        Of each entrant but the first over the one that served before its turn came.
    winner : str
    history : History
        What they learn from today.
    campaigns : tuple of PastCampaign
    """

    entrants: tuple[Entrant, ...]
    backtests: Mapping[str, Backtest]
    gains: Mapping[str, Gain]
    winner: str
    history: History
    campaigns: tuple[PastCampaign, ...]

    @property
    def baseline(self) -> Backtest:
        """The simplest one."""
        return self.backtests[self.entrants[0].name]

    @property
    def verdict(self) -> str:
        """Why it serves, in one sentence for people."""
        simplest, measured = self.entrants[0], self.backtests[self.winner].metrics
        if measured is None or not self.gains:
            return "Too few past campaigns to test anything, so everybody gets the rate of the campaign's type."
        seen = f"on {measured.n_campaigns} past campaigns it had not seen"
        if self.winner == simplest.name:
            return f"Nothing was clearly better than the type's average rate {seen}, so the average rate serves."
        return f"It told takers from others better than the type's average rate {seen}."

    def verdict_of(self, name: str) -> str:
        """The same of one entrant; why it does not serve, where it does not."""
        if name == self.winner:
            return self.verdict
        gain = self.gains.get(name)
        if gain is None or gain.low > 0:
            return "Kept for comparison."
        return "Not clearly better on past campaigns than a simpler one, which serves."


def contest(frame: ReceptionFrame, entrants: Sequence[Entrant], rng: np.random.Generator) -> Contest:
    """Forecast every past campaign with each entrant, as it would have been forecast then.

    Parameters
    ----------
    frame : ReceptionFrame
    entrants : sequence of Entrant
        Simplest first; the first serves unless another is clearly better.
    rng : numpy.random.Generator

    Notes
    -----
    Log-loss is a proper score (Gneiting & Raftery 2007). Campaigns are resampled whole: customers of one campaign are
    not independent.
    """
    tried = tuple(entrant for entrant in entrants if entrant.can_be_tried(frame))
    backtests = {entrant.name: _backtest(entrant.seen(frame), entrant.make, rng) for entrant in tried}
    winner, gains = _winner({name: backtest.entries for name, backtest in backtests.items()}, rng)
    return Contest(tried, backtests, gains, winner, History.of(frame), frame.campaigns)


def as_served(outcome: Contest, rng: np.random.Generator) -> list[LedgerEntry]:
    """Forecasts of whichever entrant had won, for each campaign, on the windows closed when it was decided."""
    served = []
    for place, entry in enumerate(outcome.baseline.entries):
        moment = entry.campaign.decided_at
        n_closed = sum(campaign.closed_before(moment) for campaign in outcome.campaigns)
        known = {
            one.name: [
                past for past in outcome.backtests[one.name].entries[:place] if past.campaign.closed_before(moment)
            ]
            for one in outcome.entrants
            if one.fewest_campaigns <= n_closed
        }
        winner, _ = _winner(known, rng)
        served.append(outcome.backtests[winner].entries[place])
    return served


def _winner(entries: Mapping[str, Sequence[LedgerEntry]], rng: np.random.Generator) -> tuple[str, dict[str, Gain]]:
    """The simplest, unless one after it was clearly better than the one that led until then."""
    winner, *challengers = entries
    gains: dict[str, Gain] = {}
    for name in challengers:
        gain = paired_gain(entries[winner], entries[name], rng)
        if gain is not None:
            gains[name] = gain
            winner = name if gain.low > 0 else winner
    return winner, gains


def paired_gain(
    simpler: Sequence[LedgerEntry], challenger: Sequence[LedgerEntry], rng: np.random.Generator
) -> Gain | None:
    """Fall of the log-loss a customer from one to the other; None with fewer than two campaigns."""
    if len(simpler) < 2:
        return None
    sizes = np.array([len(entry.logits) for entry in simpler], dtype=np.float64)
    falls = np.array([one.log_loss - other.log_loss for one, other in zip(simpler, challenger, strict=True)]) * sizes
    picks = rng.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=N_RESAMPLES)
    means: FloatArray = (picks @ falls) / (picks @ sizes)
    low, high = np.quantile(means, [TAIL, 1 - TAIL])
    return Gain(float(falls.sum() / sizes.sum()), float(low), float(high))


def _backtest(frame: ReceptionFrame, make: Callable[[], Estimator], rng: np.random.Generator) -> Backtest:
    entries = rolling_forecasts(frame, make)
    return Backtest(tuple(entries), ledger_metrics(entries, rng) if _measurable(entries) else None)


def _measurable(entries: Sequence[LedgerEntry]) -> bool:
    responded = np.concatenate([entry.responded for entry in entries]) if entries else np.array([])
    return bool(responded.any() and not responded.all())
