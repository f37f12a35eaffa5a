import numpy as np
import pytest

from loyalty.engine.spending import monthly_spending


def spent(*pairs):
    day, amount = zip(*pairs, strict=True)
    return monthly_spending(np.array(day), np.array(amount, dtype=float))


def test_whole_months_before_the_last_visit_are_read():
    # Days 0-29 are the month before last, 30-59 the last one; day -5 belongs to no whole month.
    told = spent((-5, 999), (0, 10), (29, 30), (30, 40), (59, 20))

    assert told.mean == pytest.approx((40 + 60) / 2)
    assert told.sd == pytest.approx(np.std([40, 60], ddof=1) * np.sqrt(1.5))


def test_a_short_past_is_stretched_to_a_month_and_says_little():
    told = spent((0, 10), (59, 0), (58, 0), (44, 50))
    short = spent((0, 10), (44, 80))

    assert told.sd > 0
    assert short.mean == short.sd == pytest.approx(90 * 30 / 45)


def test_one_visit_is_a_month():
    assert spent((7, 12)).mean == 12


def test_no_more_than_a_year_is_read():
    days = [(day, 1.0) for day in range(800)]
    assert spent((-400, 1e6), *days).mean == pytest.approx(30)
