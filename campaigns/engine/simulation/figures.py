"""One figure of a forecast: where it most likely falls, and how sure that is."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray

LEVELS = (0.5, 0.8, 0.9, 0.95)


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
        mid, *ends = np.quantile(draws, [0.5, *tails, *(1 - tail for tail in tails)]).tolist()
        lows, highs = ends[: len(tails)], ends[len(tails) :]
        intervals = [Interval(*row) for row in zip(LEVELS, lows, highs, strict=True)]
        return cls(metric, mid, float(np.mean(draws)), tuple(intervals))

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
