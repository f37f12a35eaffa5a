"""What the calendar alone says of the days ahead: facts of the shop as of a moment, the same for every customer."""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

NEUTRAL = 1.0
WEEKDAY_NEEDS_DAYS = 56
YEAR_NEEDS_DAYS = 730


def season_factors(daily: NDArray[np.float64], today: date) -> dict[str, float]:
    """How many orders this time of the week and of the year brings, relative to the average.

    A year of data cannot tell a season from a trend, so the factors of the year are neutral below two years.

    Parameters
    ----------
    daily : ndarray of float64, shape (n_days,)
        Orders of each day up to the one before `today`, in the shop's zone; none is left out.
    today : date

    Returns
    -------
    dict
        `season_weekday_factor`, `season_week_factor` (the same week last year) and `season_month_factor`; 1 is average,
        and also what is said when there is too little to say anything.
    """
    has_weeks, has_years = len(daily) >= WEEKDAY_NEEDS_DAYS, len(daily) >= YEAR_NEEDS_DAYS
    return {
        "season_weekday_factor": _weekday(daily[-364:]) if has_weeks else NEUTRAL,
        "season_week_factor": _week(daily) if has_years else NEUTRAL,
        "season_month_factor": _month(daily, today) if has_years else NEUTRAL,
    }


def _weekday(daily: NDArray[np.float64]) -> float:
    """Whole weeks that end yesterday begin on today's weekday."""
    whole = daily[len(daily) % 7 :]
    return _relative(whole[::7], whole)


def _week(daily: NDArray[np.float64]) -> float:
    """The seven days that began 364 days ago, beside the year around them."""
    start = len(daily) - 364
    return _relative(daily[start : start + 7], daily[start - 182 : start + 182])


def _month(daily: NDArray[np.float64], today: date) -> float:
    n_years = len(daily) // 365
    whole = daily[len(daily) - 365 * n_years :]
    days = [today - timedelta(days=back) for back in range(len(whole), 0, -1)]
    return _relative(whole[np.array([day.month == today.month for day in days])], whole)


def _relative(some: NDArray[np.float64], everything: NDArray[np.float64]) -> float:
    average = float(everything.mean()) if len(everything) else 0.0
    return float(some.mean()) / average if average and len(some) else NEUTRAL
