import numpy as np
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest

from segments.engine.orders_to_come import TooLittleToFit
from segments.engine.spend_to_come import SpendToCome

TRUTH = SpendToCome(p=6.0, q=4.0, gamma=15.0, correlation=0.0)


def shop(rng, n=20_000):
    orders = rng.integers(1, 12, n).astype(np.float64)
    rates = rng.gamma(TRUTH.q, 1 / TRUTH.gamma, n)
    return orders, rng.gamma(TRUTH.p * orders, 1 / rates) / orders


def test_finds_the_parameters_that_a_shop_was_drawn_from():
    model = SpendToCome.fitted(*shop(np.random.default_rng(1)))

    assert model.p == pytest.approx(TRUTH.p, rel=0.1)
    assert model.q == pytest.approx(TRUTH.q, rel=0.1)
    assert not model.doubtful


def test_many_orders_speak_for_themselves_and_few_for_everybody():
    everybody = TRUTH.p * TRUTH.gamma / (TRUTH.q - 1)

    none, few, many = TRUTH.expected(np.array([0.0, 1, 500]), np.array([0.0, 90, 90]))

    assert none == pytest.approx(everybody)
    assert everybody < few < many == pytest.approx(90, rel=0.01)


def test_futures_agree_with_what_is_expected():
    orders, value = np.array([0.0, 2, 9]), np.array([0.0, 40, 10])

    drawn = TRUTH.drawn(orders, value, np.random.default_rng(2), 60_000)

    np.testing.assert_allclose(drawn.mean(axis=0), TRUTH.expected(orders, value), rtol=0.03)


def test_says_when_frequent_customers_spend_otherwise():
    orders, value = shop(np.random.default_rng(3), n=2000)

    assert SpendToCome.fitted(orders, value * orders).doubtful


def test_refuses_what_is_too_little():
    with pytest.raises(TooLittleToFit, match="Only 3 customers"):
        SpendToCome.fitted(np.ones(3), np.full(3, 5.0))


def test_money_in_another_currency_is_the_same_model():
    orders, value = shop(np.random.default_rng(4), n=3000)

    dollars, cents = SpendToCome.fitted(orders, value), SpendToCome.fitted(orders, 100 * value)

    assert cents.gamma == pytest.approx(100 * dollars.gamma, rel=1e-3)


@pytest.mark.real_data
def test_the_published_parameters_of_cdnow(real_data_dir):
    """The first 39 weeks of the 946 customers who came again; the mean is of their orders after the first."""
    lines = pacsv.read_csv(real_data_dir / "cdnow" / "CDNOW_sample.csv.gz")
    lines = lines.filter(pc.less(lines["date"], 19971001))
    by_day = lines.group_by(["sample_id", "date"]).aggregate([("dollar_value", "sum")]).sort_by("date")
    _, rows = np.unique(by_day["sample_id"].to_numpy(), return_inverse=True)
    spent = by_day["dollar_value_sum"].to_numpy()
    first = np.unique(rows, return_index=True)[1]
    repeats = np.bincount(rows) - 1.0
    value = (np.bincount(rows, spent) - spent[first]) / np.maximum(repeats, 1)

    model = SpendToCome.fitted(repeats, value)

    assert (repeats > 0).sum() == 946
    assert [round(one, 2) for one in (model.p, model.q, model.gamma)] == [6.25, 3.74, 15.44]
