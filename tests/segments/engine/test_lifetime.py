import numpy as np
import pytest

from segments.engine import lifetime
from segments.engine.histories import Histories
from segments.engine.lifetime import LifetimeModel, buyers, outlooks, spend_curve, spread_of
from segments.engine.lifetime_tried import find_lifetime
from segments.engine.orders_to_come import OrdersToCome, TooLittleToFit, likely_models

DAYS, HORIZON = 400, 100
TRUTH = {"r": 0.9, "alpha": 20.0, "a": 0.8, "b": 4.0, "p": 6.0, "q": 5.0, "gamma": 30.0}


def planted_shop(rng, n=3000, days=DAYS + HORIZON):
    """Customers as the models say they are: rates, chances to leave and order values of their own."""
    rates, chances = rng.gamma(TRUTH["r"], 1 / TRUTH["alpha"], n), rng.beta(TRUTH["a"], TRUTH["b"], n)
    scales = rng.gamma(TRUTH["q"], 1 / TRUTH["gamma"], n)
    begins = rng.integers(0, 200, n)
    now, here = begins.astype(float), np.ones(n, bool)
    customer, day = [np.arange(n)], [begins]
    while here.any():
        now = now + rng.exponential(1 / rates)
        here &= now < days
        customer.append(np.flatnonzero(here))
        day.append(now[here].astype(int))
        here &= rng.random(n) > chances
    pairs = np.unique(np.column_stack([np.concatenate(customer), np.concatenate(day)]), axis=0)
    amount = rng.gamma(TRUTH["p"], 1 / scales[pairs[:, 0]])
    return Histories(pairs[:, 0], pairs[:, 1], np.ones(len(pairs), np.int64), amount, n)


@pytest.fixture(scope="module")
def shop():
    return planted_shop(np.random.default_rng(1))


@pytest.fixture(scope="module")
def found(shop):
    return find_lifetime(shop, as_of_day=DAYS, horizon_days=HORIZON, rng=np.random.default_rng(2))


def later(shop, known):
    after = (shop.day >= DAYS) & (shop.day < DAYS + HORIZON)
    orders = np.bincount(shop.customer[after], minlength=shop.n_customers)[known.rows]
    return orders, np.bincount(shop.customer[after], shop.amount[after], minlength=shop.n_customers)[known.rows]


def test_what_is_expected_of_a_planted_shop_comes(shop, found):
    known = buyers(shop, until_day=DAYS)
    orders, spend = later(shop, known)

    (some, outlook, totals), *more = outlooks(found.model, known, HORIZON, np.random.default_rng(3))

    assert not more
    assert len(some) == len(known)
    assert outlook.orders.sum() == pytest.approx(orders.sum(), rel=0.08)
    assert outlook.spend.sum() == pytest.approx(spend.sum(), rel=0.1)
    assert np.percentile(totals.spend, 5) < spend.sum() < np.percentile(totals.spend, 95)


def test_nine_in_ten_customers_are_inside_their_range(shop, found):
    known = buyers(shop, until_day=DAYS)
    orders, spend = later(shop, known)
    _, outlook, _ = next(outlooks(found.model, known, HORIZON, np.random.default_rng(3)))

    inside_orders = (outlook.orders_low <= orders) & (orders <= outlook.orders_high)
    inside_spend = (outlook.spend_low <= spend) & (spend <= outlook.spend_high)

    assert 0.88 <= inside_orders.mean() <= 0.99
    assert 0.88 <= inside_spend.mean() <= 0.99


def test_without_what_the_shop_shares_its_total_would_promise_too_much(shop, found):
    known = buyers(shop, until_day=DAYS)
    calm = LifetimeModel(found.model.orders, found.model.spend, 0.0, 0.0, found.model.likely)

    def width(model):
        totals = [total.orders for *_, total in outlooks(model, known, HORIZON, np.random.default_rng(3))]
        low, high = np.percentile(np.sum(totals, axis=0), [5, 95])
        return high - low

    assert width(found.model) > 2 * width(calm)


def test_the_time_held_out_is_not_seen_before(shop, found):
    cut = found.hold_out.until_day
    quiet = shop.before(cut)

    other = find_lifetime(
        Histories(
            np.append(quiet.customer, 0), np.append(quiet.day, DAYS - 1), np.append(quiet.orders, 1),
            np.append(quiet.amount, 9.0), shop.n_customers,
        ),
        as_of_day=DAYS, horizon_days=HORIZON, rng=np.random.default_rng(2),
    )  # fmt: skip

    assert other.hold_out.orders.expected == found.hold_out.orders.expected
    assert (other.hold_out.orders.low, other.hold_out.orders.high) == (
        found.hold_out.orders.low,
        found.hold_out.orders.high,
    )
    assert other.hold_out.orders.actual <= 1


def test_the_hold_out_is_told_by_earlier_orders_and_adds_up(found):
    held = found.hold_out
    assert [group.label for group in held.by_orders] == ["1", "2", "3", "4 to 6", "7 to 12", "13 or more"]
    total = sum(group.expected * group.n_customers for group in held.by_orders)
    assert total == pytest.approx(held.orders.expected)
    assert held.error < held.naive_error
    assert sum(group.n_customers for group in held.by_spend) == held.orders.n_customers


def test_the_next_order_is_awaited_as_long_as_the_model_says(shop, found):
    known = buyers(shop, until_day=DAYS)
    days = found.model.days_until(known, 0.5)
    soon = days < HORIZON
    came = later(shop, known)[0][soon & (days > 5)]
    waited = days[soon & (days > 5)]

    within = []
    after = (shop.day >= DAYS) & (shop.day < DAYS + HORIZON)
    first = np.full(shop.n_customers, np.inf)
    np.minimum.at(first, shop.customer[after], shop.day[after] - DAYS)
    within = first[known.rows][soon & (days > 5)] <= waited

    assert len(came) > 100
    assert within.mean() == pytest.approx(0.5, abs=0.08)


def test_who_is_likely_gone_has_no_next_order(found):
    few = buyers(
        Histories(np.zeros(9, np.int64), np.arange(9) * 2, np.ones(9, np.int64), np.ones(9), 1), until_day=DAYS
    )
    assert found.model.orders.chance_alive(few.visits)[0] < 0.05
    assert np.isinf(found.model.days_until(few, 0.5)[0])


def test_a_model_survives_being_written_down(found):
    assert LifetimeModel.from_facts(found.model.as_facts()) == found.model


def test_the_curve_rises_and_ends_where_the_horizon_does(shop, found):
    one = buyers(shop, until_day=DAYS)[:1]

    curve = spend_curve(found.model, one, np.array([30, 60, HORIZON]), np.random.default_rng(1))

    _, outlook, _ = next(outlooks(found.model, one, HORIZON, np.random.default_rng(1)))
    assert (np.diff(curve.spend) > 0).all()
    assert (np.diff(curve.high) >= 0).all()
    assert curve.spend[-1] == pytest.approx(outlook.spend[0])
    assert ((curve.low <= curve.spend) & (curve.spend <= curve.high)).all()


def test_returns_lower_what_is_expected_but_are_no_order():
    days = Histories(np.zeros(3, np.int64), np.array([0, 10, 15]), np.array([1, 1, 0]), np.array([30.0, 30, -20]), 1)
    known = buyers(days, until_day=20)
    assert (known.visits.repeats[0], known.visits.recency[0], known.value[0], known.spend[0]) == (1, 10, 20, 40)


def test_likely_models_lie_around_the_likeliest(shop):
    known = buyers(shop, until_day=DAYS)
    best = OrdersToCome.fitted(known.visits)

    models = likely_models(best, known.visits, np.random.default_rng(4), 300)

    drawn = np.array([[one.r, one.alpha, one.a, one.b] for one in models])
    truth = np.array([TRUTH["r"], TRUTH["alpha"], TRUTH["a"], TRUTH["b"]])
    low, high = np.percentile(drawn, [0.5, 99.5], axis=0)
    assert ((low < truth) & (truth < high)).all()
    assert all(one.log_likelihood <= best.log_likelihood + 1e-6 for one in models)


def test_a_shop_without_a_past_is_usually_off_by_a_fifth():
    assert spread_of([]) == pytest.approx(0.2)
    assert spread_of([0.0] * 50) < 0.05
    assert spread_of([0.5] * 50) == pytest.approx(0.5, abs=0.02)


def test_fitted_on_a_part_of_many_customers_it_expects_the_same_of_all(shop, found, monkeypatch):
    known = buyers(shop, until_day=DAYS)
    monkeypatch.setattr(lifetime, "FITTED_AT_MOST", 1500)

    model = LifetimeModel.fitted(known, wrongs=[], rng=np.random.default_rng(4))

    expected = [one.orders.expected(known.visits, HORIZON).sum() for one in (model, found.model)]
    assert len(known.to_fit) <= 1500
    assert expected[0] == pytest.approx(expected[1], rel=0.1)


def test_refuses_a_short_history_with_the_reason(shop):
    with pytest.raises(TooLittleToFit, match=r"orders of \d+ days; at least 120"):
        find_lifetime(shop, as_of_day=60, horizon_days=HORIZON, rng=np.random.default_rng(2))
