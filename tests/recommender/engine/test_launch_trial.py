"""Products hidden before their first sale: told to the right customers by what they are alone."""

import numpy as np
import pytest

from recommender.engine.attributes import Attributes
from recommender.engine.benchmark import NotPossible
from recommender.engine.content import ContentBased
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.cases import LaunchCases
from recommender.engine.launches.exams import exams
from recommender.engine.launches.outcomes import LaunchOutcomes
from recommender.engine.launches.past import Launches, LaunchRule
from recommender.engine.launches.rules import ActivityRule, FrequencyRule
from recommender.engine.shop import Shop
from recommender.engine.trials.launches import launches
from recommender.engine.two_tower import TwoTower
from tests.worlds import brand_world

SMALL = {"n_factors": 4, "n_hidden": 8, "max_epochs": 2, "random_state": 1}


@pytest.fixture(scope="module")
def found():
    return Launches(brand_world(np.random.default_rng(2)), LaunchRule(warm_up_days=60, outcome_days=20))


@pytest.fixture(scope="module")
def learnt(found):
    return TwoTower(**SMALL).fit_launches(found.known_at(60), LaunchCases(found, 60, 90))


@pytest.mark.parametrize("scorer", ["two_tower", "content_based"])
def test_a_launch_is_ranked_for_the_customers_of_its_brand_first(scorer, found, learnt):
    model = learnt if scorer == "two_tower" else ContentBased().fit(found.known_at(90))

    for day in found.days(110, 130):
        scores = model.score_new(day.history, day.facts)
        odd_purchases = day.history.weights[:, found.data.products.ids % 2 == 1].sum(axis=1)
        mostly_odd = np.asarray(odd_purchases).ravel() > 0
        for column, key in enumerate(day.product_ids):
            fans = mostly_odd if key % 2 else ~mostly_odd
            assert scores[fans, column].min() > scores[~fans, column].max()


def test_activity_alone_cannot_tell_them_apart(found):
    outcomes = LaunchOutcomes.joined(
        LaunchOutcomes.of(ActivityRule().score_new(day.history, day.facts), day.bought, min_buyers=5)
        for day in found.days(90, 130)
    )

    assert outcomes.auc.mean() < 0.65


def test_the_outcome_of_a_launch_is_measured_by_hand():
    scores = np.array([[4.0, 1.0], [3.0, 1.0], [2.0, 1.0], [1.0, 1.0]], dtype=np.float32)
    bought = np.array([[True, True], [False, False], [True, False], [False, False]])

    outcomes = LaunchOutcomes.of(scores, bought, min_buyers=1)

    np.testing.assert_allclose(outcomes.auc, [0.75, 0.5])
    assert outcomes.reached.tolist() == [1, 1]
    assert outcomes.buyers.tolist() == [2, 1]


def test_launches_with_too_few_buyers_are_left_out():
    bought = np.array([[True, False], [True, True], [False, False]])

    outcomes = LaunchOutcomes.of(np.zeros((3, 2), dtype=np.float32), bought, min_buyers=2)

    assert outcomes.buyers.tolist() == [2]
    assert LaunchOutcomes.of(np.zeros((3, 2), dtype=np.float32), bought, min_buyers=3).auc.size == 0


def test_the_rule_counts_purchases_of_the_label_and_then_activity(found):
    facts = found.data.facts
    rule = FrequencyRule("brand", facts.labels["brand"])
    (day, *_) = found.days(90, 130)

    scores = rule.score_new(day.history, day.facts)

    same = facts.labels["brand"] == day.facts.labels["brand"][0]
    counts = np.asarray(day.history.weights[:, same].sum(axis=1)).ravel()
    assert (np.floor(scores[:, 0] + 1e-3) == counts).all()


def test_a_brand_new_customer_is_scored_by_traits(found, learnt):
    (day, *_) = found.days(110, 130)
    stranger = CustomerHistory(
        day.history[:1].weights * 0,
        day.history[:1].log.lines(np.zeros(len(day.history[:1].log.age_days), dtype=bool)),
        Attributes(1, {"district": np.array(["north"]), "age": np.array(["55+"])}),
    )

    assert np.isfinite(learnt.score_new(stranger, day.facts)).all()


def test_a_year_is_examined_in_the_weeks_that_were_set():
    first, second = exams(366)

    assert first.name == "launches of weeks 28-35"
    assert second.name == "launches of weeks 36-45"
    with pytest.raises(NotPossible, match="too few"):
        exams(200)


def test_a_shop_that_says_nothing_about_its_products_is_skipped(found):
    shop = brand_world(np.random.default_rng(2))

    with pytest.raises(NotPossible, match="their keys"):
        next(launches(Shop("bare", shop.purchases), {}, np.random.default_rng(0)))


def test_the_trial_prints_rules_and_models_beside_the_best_rule():
    shop = brand_world(np.random.default_rng(2), n_days=366, n_launches=60)
    estimators = {"content_based": ContentBased(), "two_tower": TwoTower(**SMALL)}

    rows = list(launches(shop, estimators, np.random.default_rng(0)))

    table = {(row.split, row.estimator, row.metric): row for row in rows}
    split = "launches of weeks 28-35"
    assert {row.estimator for row in rows} == {
        "rule: activity",
        "rule: brand frequency",
        "rule: shelf frequency",
        "logistic",
        "content_based",
        "two_tower",
    }
    # Who of a brand's friends buys is chance, so nobody can do better than the brand.
    auc = {name: table[split, name, "within_launch_auc"].value for name in {row.estimator for row in rows}}
    assert auc["two_tower"] > auc["rule: activity"] + 0.15
    assert auc["two_tower"] > auc["rule: brand frequency"] - 0.03
    gained = table[split, "rule: brand frequency", "auc_gained_on rule: brand frequency"]
    assert (gained.low, gained.value, gained.high) == (0.0, 0.0, 0.0)
