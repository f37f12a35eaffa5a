import numpy as np
import pytest

from loyalty.engine.freshness import first_regular_day, pace


@pytest.mark.parametrize(
    ("every", "silent", "is_late"), [(1, 2.9, False), (1, 3.1, True), (7, 14, False), (7, 16, True)]
)
def test_late_is_what_is_late_for_this_source(every, silent, is_late):
    assert pace(np.arange(0, 300, every)).is_late(silent) is is_late


def test_a_closed_sunday_is_no_delay():
    open_days = np.array([day for day in range(200) if day % 7])
    assert pace(open_days).is_late(2.5) is False


def test_a_few_deliveries_have_no_rhythm():
    assert pace(np.array([1, 2, 3, 4, 5])).is_late(1_000) is None
    assert pace(np.array([], dtype=np.int64)).is_late(1) is None


def test_stray_dates_long_before_do_not_open_the_shop():
    days = np.r_[0, 1, np.arange(10_000, 10_300)]
    counts = np.r_[1, 1, np.full(300, 20)]
    assert first_regular_day(days, counts) == 10_000


def test_a_shop_that_closed_for_a_season_began_before_it():
    days = np.r_[np.arange(0, 100), np.arange(200, 300)]
    assert first_regular_day(days, np.full(200, 20)) == 0


def test_no_orders_no_beginning():
    assert first_regular_day(np.array([], dtype=np.int64), np.array([], dtype=np.int64)) is None
