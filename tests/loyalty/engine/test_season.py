from datetime import date

import numpy as np
import pytest

from loyalty.engine.season import season_factors

SATURDAY = date(2025, 3, 1)


def test_a_weekday_twice_as_busy_is_known_after_eight_weeks():
    daily = np.ones(70)
    daily[::7] = 8.0  # seventy days back from a Saturday lie Saturdays

    factors = season_factors(daily, SATURDAY)

    assert factors["season_weekday_factor"] == 8 / 2
    assert season_factors(daily, date(2025, 3, 1))["season_week_factor"] == 1
    assert season_factors(daily[1:56], SATURDAY)["season_weekday_factor"] == 1


def test_a_year_tells_no_season_and_two_years_do():
    days = [date.fromordinal(SATURDAY.toordinal() - back) for back in range(900, 0, -1)]
    daily = np.array([3.0 if day.month == 3 else 1.0 for day in days])

    short, whole = season_factors(daily[-729:], SATURDAY), season_factors(daily, SATURDAY)

    assert (short["season_month_factor"], short["season_week_factor"]) == (1, 1)
    average = 1 + 2 * 31 / 365
    assert whole["season_month_factor"] == pytest.approx(3 / average, rel=0.01)
    assert whole["season_week_factor"] == pytest.approx(3 / average, rel=0.02)


def test_nothing_known_is_neutral():
    assert set(season_factors(np.zeros(0), SATURDAY).values()) == {1.0}
    assert set(season_factors(np.zeros(800), SATURDAY).values()) == {1.0}
