"""When records come in: how often is usual, whether they are late, and from when on the shop was really open."""

from dataclasses import dataclass

import numpy as np

from loyalty.engine.groups import Integers

# Fewer gaps than this are no rhythm.
MIN_GAPS = 5
# One gap in twenty is longer than the usual one; twice that is late, with a day of grace for daily deliveries.
USUAL_SHARE = 0.95
LATE_FACTOR = 2.0
GRACE_DAYS = 1.0
# Before the shop began there may be a handful of mistaken dates, far away from the rest.
STRAY_SHARE = 0.005
STRAY_GAP_DAYS = 60


@dataclass(frozen=True)
class Pace:
    """`usual_days` between two days with records (0.95 quantile), `late_after_days` without any; None: cannot tell."""

    usual_days: float | None
    late_after_days: float | None

    def is_late(self, silent_days: float) -> bool | None:
        """Whether so many days without a record are too many. None when there is no rhythm to compare with."""
        return None if self.late_after_days is None else silent_days > self.late_after_days


def pace(days: Integers) -> Pace:
    """Learn the rhythm of a source from the days on which it brought something.

    Parameters
    ----------
    days : (n,) int, days since any fixed one, in any order, repeats allowed
    """
    gaps = np.diff(np.unique(days))
    if len(gaps) < MIN_GAPS:
        return Pace(None, None)
    usual = float(np.quantile(gaps, USUAL_SHARE))
    return Pace(usual, usual * LATE_FACTOR + GRACE_DAYS)


def first_regular_day(days: Integers, counts: Integers) -> int | None:
    """Return the day on which the records really begin: what lies before is rare and cut off by a long gap.

    Parameters
    ----------
    days : (n,) int, ascending, each once
    counts : (n,) int, records of the day

    Returns
    -------
    The first day after the last gap of more than 60 days before which at most 0.5 % of all records lie; the first day
    where there is no such gap; None without records.
    """
    if not len(days):
        return None
    before = np.cumsum(counts) / counts.sum()
    is_break = (np.diff(days) > STRAY_GAP_DAYS) & (before[:-1] <= STRAY_SHARE)
    breaks = np.flatnonzero(is_break)
    return int(days[breaks[-1] + 1]) if len(breaks) else int(days[0])
