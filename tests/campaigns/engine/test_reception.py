import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from campaigns.engine.frames import CustomerFrame, ReceptionFrame
from campaigns.engine.reception import ReceptionModel, TypeRate
from tests.worlds import campaign_world


@pytest.fixture
def world():
    return campaign_world(np.random.default_rng(1), n_campaigns=8)


@pytest.fixture
def unseen():
    return campaign_world(np.random.default_rng(2), n_campaigns=1, n_customers=4_000)


@pytest.fixture(params=[ReceptionModel, TypeRate])
def model(request):
    return request.param()


def test_finds_the_planted_responders(world, unseen):
    logits = ReceptionModel().fit(world).logits(unseen.customers, "mail")

    best = np.argsort(-logits)[:800]
    assert unseen.responded[best].mean() > 1.6 * unseen.responded.mean()
    assert np.corrcoef(logits, np.log1p(unseen.customers.values[:, 0]))[0, 1] > 0.98


def test_total_is_right_without_class_weights(world, unseen):
    forecast = ReceptionModel().fit(world).predict_proba(unseen.customers, "mail").sum()

    assert forecast == pytest.approx(unseen.responded.sum(), rel=0.12)


def test_refuses_before_fit(model, unseen):
    with pytest.raises(NotFittedError):
        model.logits(unseen.customers, "mail")


def test_refuses_history_in_which_nobody_responded(world):
    silent = ReceptionFrame(world.customers, world.campaigns, world.campaign_rows, np.zeros_like(world.redemptions))

    with pytest.raises(ValueError, match="people who responded"):
        ReceptionModel().fit(silent)


def test_refuses_other_features(world, unseen):
    renamed = CustomerFrame(unseen.customers.customer_ids, unseen.customers.values, ("noise", "coupon_orders"))

    with pytest.raises(ValueError, match="not the features"):
        ReceptionModel().fit(world).logits(renamed, "mail")


def test_second_fit_forgets_the_first(model, world, unseen):
    again = clone(model).fit(world).fit(world.only([0, 1, 2, 3])).logits(unseen.customers, "mail")

    np.testing.assert_allclose(again, model.fit(world.only([0, 1, 2, 3])).logits(unseen.customers, "mail"))


def test_batch_equals_one_by_one(model, world, unseen):
    model.fit(world)

    batch = model.logits(unseen.customers, "mail")[:5]
    singles = [model.logits(unseen.customers.take(np.array([row])), "mail")[0] for row in range(5)]
    np.testing.assert_allclose(batch, singles)


def test_artefact_round_trips(world, unseen):
    fitted = ReceptionModel(inverse_penalty=0.1).fit(world)
    described, arrays = fitted.to_artefact()

    rebuilt = ReceptionModel.from_artefact(json.loads(json.dumps(described)), arrays)

    assert rebuilt.get_params() == fitted.get_params()
    np.testing.assert_array_equal(rebuilt.logits(unseen.customers, "mail"), fitted.logits(unseen.customers, "mail"))


def test_artefact_of_another_estimator_is_refused(world):
    described, arrays = ReceptionModel().fit(world).to_artefact()

    with pytest.raises(ValueError, match="artefact of Other"):
        ReceptionModel.from_artefact(described | {"estimator": "Other"}, arrays)


def test_contributions_add_up_to_the_logit(world, unseen):
    fitted = ReceptionModel().fit(world)

    parts = fitted.contributions(unseen.customers, "mail")

    # One campaign type only: its term is constant and standardised to zero.
    np.testing.assert_allclose(
        parts.sum(axis=1) + fitted.intercept_, fitted.logits(unseen.customers, "mail"), atol=1e-9
    )
    assert np.abs(parts[:, 0]).mean() > 5 * np.abs(parts[:, 1]).mean()


def test_type_rate_shrinks_small_types_to_the_overall_rate(world):
    rate = TypeRate(prior_customers=50).fit(world)

    assert rate.rates_["mail"] == pytest.approx(world.responded.mean(), abs=0.001)
    np.testing.assert_allclose(rate.logits(world.customers, "never seen"), np.log(rate.overall_ / (1 - rate.overall_)))


def test_negative_or_missing_features_are_refused():
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite and not negative"):
            CustomerFrame(np.array([1]), np.array([[wrong]]), ("spend",))
