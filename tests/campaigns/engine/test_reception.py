import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from campaigns.engine.frames import CustomerFrame, ReceptionFrame
from campaigns.engine.reception import GlobalRate, LastOfType, RidgeLogistic, TypeRate, responder_from_artefact
from campaigns.engine.reception.boosted import BoostedReception
from campaigns.engine.reception.network import ReceptionNetwork
from tests.worlds import campaign_world

BASELINES = [GlobalRate, TypeRate, LastOfType]
MODELS = [RidgeLogistic, BoostedReception, ReceptionNetwork]


@pytest.fixture(scope="module")
def world():
    return campaign_world(np.random.default_rng(1), n_campaigns=8)


@pytest.fixture(scope="module")
def unseen():
    return campaign_world(np.random.default_rng(2), n_campaigns=1, n_customers=4_000)


@pytest.fixture(params=[*BASELINES, *MODELS])
def estimator(request):
    return request.param()


@pytest.fixture(params=MODELS)
def model(request):
    return request.param()


def test_refuses_before_fit(estimator, unseen):
    with pytest.raises(NotFittedError):
        estimator.logits(unseen.customers, "mail")


def test_second_fit_forgets_the_first_and_the_same_seed_gives_the_same(estimator, world, unseen):
    few = world.only([0, 1, 2, 3])

    again = clone(estimator).fit(world).fit(few).logits(unseen.customers, "mail")

    np.testing.assert_array_equal(again, estimator.fit(few).logits(unseen.customers, "mail"))


def test_batch_equals_one_by_one(estimator, world, unseen):
    estimator.fit(world)

    batch = estimator.logits(unseen.customers, "mail")[:5]
    singles = [estimator.logits(unseen.customers.take(np.array([row])), "mail")[0] for row in range(5)]
    np.testing.assert_allclose(batch, singles)


def test_artefact_comes_back_without_what_learnt_it(estimator, world, unseen):
    described, arrays = estimator.fit(world).to_artefact()

    rebuilt = responder_from_artefact(json.loads(json.dumps(described)), arrays)

    for told in ("logits", "contributions"):
        np.testing.assert_array_equal(
            getattr(rebuilt, told)(unseen.customers, "mail"), getattr(estimator, told)(unseen.customers, "mail")
        )
    assert all(values.dtype.kind in "fiu" for values in arrays.values())


def test_artefact_of_another_estimator_is_refused(estimator, world):
    described, arrays = estimator.fit(world).to_artefact()

    with pytest.raises(ValueError, match="artefact of Other"):
        responder_from_artefact(described | {"estimator": "Other"}, arrays)
    with pytest.raises(ValueError, match="artefact of Other"):
        type(estimator).from_artefact(described | {"estimator": "Other"}, arrays)


def test_finds_the_planted_responders(model, world, unseen):
    logits = model.fit(world).logits(unseen.customers, "mail")

    best = np.argsort(-logits)[:800]
    assert unseen.responded[best].mean() > 1.6 * unseen.responded.mean()
    assert np.corrcoef(logits, np.log1p(unseen.customers.values[:, 0]))[0, 1] > 0.8


def test_total_is_right_without_class_weights(model, world, unseen):
    logits = model.fit(world).logits(unseen.customers, "mail")

    assert (1 / (1 + np.exp(-logits))).sum() == pytest.approx(unseen.responded.sum(), rel=0.12)


def test_refuses_history_in_which_nobody_responded(model, world):
    silent = ReceptionFrame(world.customers, world.campaigns, world.campaign_rows, np.zeros_like(world.redemptions))

    with pytest.raises(ValueError, match="people who responded"):
        model.fit(silent)


def test_refuses_other_features(model, world, unseen):
    renamed = CustomerFrame(unseen.customers.customer_ids, unseen.customers.values, ("noise", "coupon_orders"))

    with pytest.raises(ValueError, match="not the features"):
        model.fit(world).logits(renamed, "mail")


def test_contributions_add_up_to_the_logit(model, world, unseen):
    logits = model.fit(world).logits(unseen.customers, "mail")

    parts = model.contributions(unseen.customers, "mail")

    rest = logits - parts.sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=2e-3)
    assert np.abs(parts[:, 0]).mean() > 3 * np.abs(parts[:, 1]).mean()


def bent(rng, n_campaigns):
    """Response depends on whether `coupon_orders` is near two, which no straight line can say."""
    plain = campaign_world(rng, n_campaigns=n_campaigns)
    near = np.abs(plain.customers.values[:, 0] - 2) < 1
    redemptions = (rng.random(len(near)) < np.where(near, 0.5, 0.05)).astype(np.int64)
    return ReceptionFrame(plain.customers, plain.campaigns, plain.campaign_rows, redemptions)


@pytest.mark.parametrize("kind", [BoostedReception, ReceptionNetwork])
def test_refinements_find_what_a_line_cannot_say(kind):
    world, unseen = (bent(np.random.default_rng(seed), 12) for seed in (3, 4))

    logits = kind().fit(world).logits(unseen.customers, "mail")

    near = np.abs(unseen.customers.values[:, 0] - 2) < 1
    assert logits[near].mean() > logits[~near].mean() + 0.8


def test_network_leaves_the_line_alone_where_it_says_everything(world, unseen):
    network = ReceptionNetwork().fit(world)

    added = network.logits(unseen.customers, "mail") - network.logistic_.logits(unseen.customers, "mail")
    assert np.abs(added).mean() < 0.25


def test_without_levels_it_is_what_scikit_learn_fits(world):
    fitted = RidgeLogistic(level_sd=1e-4).fit(world)

    x = fitted.standardised(world.customers)
    theirs = LogisticRegression(C=0.03, tol=1e-10, max_iter=1000).fit(x, world.responded)
    np.testing.assert_allclose(fitted.coef_[:2], theirs.coef_[0], atol=1e-5)
    assert fitted.intercept_ == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_one_large_campaign_that_went_well_does_not_make_its_people_better():
    rng = np.random.default_rng(5)
    plain = campaign_world(rng, n_campaigns=6)
    lucky = plain.campaign_rows == 0
    redemptions = np.where(lucky & (rng.random(len(lucky)) < 0.6), 1, plain.redemptions)
    world = ReceptionFrame(plain.customers, plain.campaigns, plain.campaign_rows, redemptions)

    honest = RidgeLogistic().fit(world).logits(plain.customers, "mail").mean()
    fooled = RidgeLogistic(level_sd=1e-3).fit(world).logits(plain.customers, "mail").mean()
    without = RidgeLogistic().fit(world.take(~lucky)).logits(plain.customers, "mail").mean()

    assert without < honest < without + 0.75 * (fooled - without)


def test_type_rate_shrinks_small_types_to_the_overall_rate(world):
    rate = TypeRate(prior_customers=50).fit(world)

    assert rate.rates_["mail"] == pytest.approx(world.responded.mean(), abs=0.001)
    np.testing.assert_allclose(rate.logits(world.customers, "never seen"), np.log(rate.overall_ / (1 - rate.overall_)))


def test_last_of_type_knows_the_last_campaign_only(world):
    rate = LastOfType().fit(world)

    last = world.responded[world.campaign_rows == 7]
    assert rate.rates_["mail"] == pytest.approx((last.sum() + 0.5) / (len(last) + 1))


def test_negative_or_missing_features_are_refused():
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite and not negative"):
            CustomerFrame(np.array([1]), np.array([[wrong]]), ("spend",))
