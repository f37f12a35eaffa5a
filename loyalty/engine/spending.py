"""What a customer spends a month, and how far a month is from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyalty.engine.rhythm import Floats, Ints

MONTH_DAYS = 30
MONTHS_READ = 12


@dataclass(frozen=True)
class Spending:
    """A customer's months of thirty days.

    Attributes
    ----------
    mean : float
        Money a month.
    sd : float
        Standard deviation of a month yet to come around the mean: what months differ by, and how little is known.
    """

    mean: float
    sd: float


def monthly_spending(day: Ints, amount: Floats) -> Spending:
    """Cut a customer's past into months that end at the last visit, at most twelve, whole ones only.

    Parameters
    ----------
    day : ndarray of int64, shape (n,)
        Days with a purchase, at least one, in any order.
    amount : ndarray of float64, shape (n,)
        Money of that day.

    Notes
    -----
    With less than two whole months the spread cannot be seen; then it is as large as the mean.
    """
    back = day.max() - day
    n_months = min((int(back.max()) + 1) // MONTH_DAYS, MONTHS_READ)
    if n_months < 2:
        mean = float(amount.sum()) * MONTH_DAYS / max(int(back.max()) + 1, MONTH_DAYS)
        return Spending(mean, abs(mean))
    inside = back < n_months * MONTH_DAYS
    months = np.bincount(back[inside] // MONTH_DAYS, amount[inside], n_months)
    return Spending(float(months.mean()), float(months.std(ddof=1) * np.sqrt(1 + 1 / n_months)))
