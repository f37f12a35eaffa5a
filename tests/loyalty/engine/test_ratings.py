import numpy as np
import pytest

from loyalty.engine.ratings import SECONDS_A_DAY, RatingRule, blame, tally, weights
from loyalty.engine.signals import Events

AS_OF = 1000 * SECONDS_A_DAY
PLAIN = RatingRule()


def bought(*days, customer=1, product=7):
    n = len(days)
    at = np.array(days, dtype=np.int64) * SECONDS_A_DAY
    return Events(np.full(n, customer), np.full(n, product), at, np.arange(n) + 100)


def told(events, rule=PLAIN, share=None):
    return tally(events, np.ones(len(events)) if share is None else np.array(share), as_of=AS_OF, rule=rule)


def test_events_are_added_up_with_their_newest_keys():
    one = told(bought(10, 30, 20, 40))

    assert one.count.tolist() == [4]
    assert (one.first_at // SECONDS_A_DAY).tolist() == [10]
    assert (one.last_at // SECONDS_A_DAY).tolist() == [40]
    assert one.newest.tolist() == [[103, 101, 102]]


def test_fewer_events_leave_places_empty():
    assert told(bought(10)).newest.tolist() == [[100, -1, -1]]


def test_without_decay_age_does_not_matter():
    assert weights(told(bought(1)).decayed, PLAIN) == pytest.approx(1 + np.log(2))
    assert told(bought(1)).decay.tolist() == [1.0]


def test_after_a_half_life_a_sign_counts_half():
    rule = RatingRule(half_life_days=100, damping=2.0)

    one = told(bought(900), rule)

    assert one.decay[0] == pytest.approx(0.5)
    assert weights(one.decayed, rule)[0] == pytest.approx(1 + 2 * np.log(1.5))


def test_the_twentieth_purchase_says_less_than_the_second():
    grown = weights(np.arange(1.0, 22.0), PLAIN)

    steps = np.diff(grown)
    assert (np.diff(steps) < 0).all()
    assert steps[0] > 4 * steps[18]


def test_nothing_from_the_moment_on_is_counted():
    assert told(bought(10, 999, 1000, 1001)).count.tolist() == [2]


def test_what_came_back_does_not_count():
    one = told(bought(10, 20), share=[0.0, 0.5])

    assert one.count.tolist() == [1]
    assert one.total.tolist() == [0.5]
    assert len(told(bought(10), share=[0.0])) == 0


def test_customers_and_products_are_kept_apart():
    parts = [bought(1), bought(2, customer=2), bought(3, product=8), bought(4)]
    columns = (
        np.concatenate(column) for column in zip(*((p.customer, p.product, p.at, p.key) for p in parts), strict=True)
    )

    one = told(Events(*columns))

    assert list(zip(one.customer.tolist(), one.product.tolist(), one.count.tolist(), strict=True)) == [
        (1, 7, 2),
        (1, 8, 1),
        (2, 7, 1),
    ]


def test_a_product_is_blamed_for_the_silences_beyond_the_usual():
    values = blame(np.array([4.0, 1.0, 0.5, np.nan]), np.array([20, 1, 20, 2]))

    assert values.tolist() == pytest.approx([-0.75, -0.1, -0.005, -0.05])


def test_a_rule_says_how_it_was_made():
    assert PLAIN.definition != RatingRule(half_life_days=90).definition
    assert RatingRule(half_life_days=90).definition == RatingRule(half_life_days=90.0).definition
