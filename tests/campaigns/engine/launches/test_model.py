"""A shop where the brand decides: what is learnt of its launches, and from nothing that came later."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.special import expit

from campaigns.engine.launches.judging import judge
from campaigns.engine.launches.model import TooFewLaunches, learn_launches, past_launches, shifted
from campaigns.engine.launches.standing import Shelf, recent_buyers
from recommender.engine.launches.past import Launches, LaunchRule
from recommender.engine.launches.rules import rules
from recommender.engine.shop import Shop
from tests.worlds import brand_world

RULE = LaunchRule(warm_up_days=60, outcome_days=20)
UNTIL = 230


@pytest.fixture(scope="module")
def shop():
    return brand_world(np.random.default_rng(2), n_days=300, n_launches=120)


@pytest.fixture(scope="module")
def found(shop):
    return Launches(shop, RULE)


@pytest.fixture(scope="module")
def model(found):
    return learn_launches(found, until=UNTIL, rng=np.random.default_rng(0))


def test_chances_add_up_to_the_forecast_and_prefer_the_brands_own(found, model):
    day = next(iter(found.days(UNTIL, 260)))
    expected = model.effect.mean(model.expected(day.facts, recent_buyers(found, day.day)))

    chances = expit(model.logits(day.history, day.facts, expected))

    np.testing.assert_allclose(chances.sum(axis=0), expected, rtol=1e-4)
    odd = np.asarray(day.history.weights[:, found.data.products.ids % 2 == 1].sum(axis=1)).ravel() > 0
    fans = odd if day.product_ids[0] % 2 else ~odd
    assert chances[fans, 0].min() > chances[~fans, 0].max()


def test_later_launches_are_judged_beside_the_rules(found, model):
    facts = found.data.facts
    judged = judge(model, found, rules(facts), since=UNTIL, until=280, rng=np.random.default_rng(0))

    assert judged.best_rule == "rule: brand frequency"
    assert judged.ranking.auc.mean() > judged.rules["rule: activity"].auc.mean() + 0.1
    assert judged.totals.ratio == pytest.approx(1.0, abs=0.25)
    assert judged.totals.coverage(0.9) > 0.8
    assert judged.calibration_error < 0.05


def test_nothing_that_happens_later_is_learnt_from(shop, model):
    moment = pc.add(pc.min(shop.purchases["occurred_at"]), pa.scalar(86_400_000_000 * (UNTIL + 1), pa.duration("us")))
    late = pc.greater_equal(shop.purchases["occurred_at"], moment)
    others = pc.if_else(late, pc.min(shop.purchases["customer_id"]), shop.purchases["customer_id"])
    changed = shop.purchases.set_column(0, "customer_id", others)

    again = learn_launches(
        Launches(Shop("changed", changed, shop.products, shop.customers), RULE),
        until=UNTIL,
        rng=np.random.default_rng(0),
    )

    assert again.effect == model.effect
    np.testing.assert_array_equal(again.totals.coef_, model.totals.coef_)
    np.testing.assert_allclose(again.wide.weights, model.wide.weights, rtol=1e-5)
    assert model.past.days.max() + RULE.outcome_days <= UNTIL


def test_the_same_seed_learns_the_same(found, model):
    again = learn_launches(found, until=UNTIL, rng=np.random.default_rng(0))

    np.testing.assert_array_equal(again.wide.weights, model.wide.weights)
    assert again.effect == model.effect


def test_too_few_launches_are_refused_with_what_is_missing(found):
    with pytest.raises(TooFewLaunches, match="needs 30 earlier launches"):
        learn_launches(found, until=85, rng=np.random.default_rng(0))


def test_a_kind_that_sells_better_stands_higher_and_an_unknown_one_as_usual(found):
    shelf = Shelf.of(found.data.facts)
    buyers = np.where(found.data.products.ids % 2 == 1, 30, 10)
    codes = shelf.codes(found.data.facts.rows(np.arange(2)))
    column = shelf.kinds.index("brand")
    codes["brand"][1] = -1

    standings = shelf.standings(buyers, codes)[:, column]

    brand = found.data.facts.labels["brand"][0]
    assert standings[0] == pytest.approx(np.log(1.5) if brand == "odd" else np.log(0.5), abs=0.05)
    assert standings[1] == 0.0


def test_buyers_of_a_launch_are_counted_once_and_within_their_weeks(found):
    shelf = Shelf.of(found.data.facts)
    past = past_launches(found, shelf, since=60, until=100)

    for day in found.days(60, 100):
        rows = found.data.products.rows_of(day.product_ids)
        for column, row in enumerate(rows.tolist()):
            # Customers who had never bought before a launch are not ranked, but count as its buyers.
            assert past.buyers[past.product_rows == row][0] >= day.bought[:, column].sum()


def test_a_forecast_beyond_everybody_is_kept_within_them():
    moved = shifted(np.zeros((10, 1)), np.array([50.0]))

    assert expit(moved).sum() == pytest.approx(9.5)
