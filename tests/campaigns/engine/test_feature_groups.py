"""Features that have to prove themselves: where they tell something they serve, where they do not they stay out."""

import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.backtest import Entrant, columns_for, contest
from campaigns.engine.feature_groups import EXTRA_FEATURES, GROUPS, OFFER, TASTE
from campaigns.engine.frames import CustomerFrame, ReceptionFrame
from campaigns.engine.reasons import FEATURE_NAMES
from campaigns.engine.reception import LikenessLogistic, OfferLogistic, RidgeLogistic
from campaigns.engine.reception.extras import FEWEST_OFFERS
from campaigns.engine.rolling import rolling_forecasts
from tests.worlds import campaign_world, offer_world

LOGISTIC = Entrant("logistic", "Learnt response", RidgeLogistic)
LIKENESS = Entrant("likeness", "Told of tastes", LikenessLogistic, extra=TASTE)


def with_column(frame, name, values):
    customers = frame.customers
    wider = CustomerFrame(customers.customer_ids, np.column_stack([customers.values, values]), (*customers.names, name))
    return ReceptionFrame(wider, frame.campaigns, frame.campaign_rows, frame.redemptions)


def taste_matters(rng, slope):
    """Response depends on likeness of taste by `slope` on the logit, and on coupons as ever."""
    plain = campaign_world(rng, n_campaigns=12)
    likeness = rng.random(len(plain.customers))
    chances = expit(-3.0 + np.log1p(plain.customers.values[:, 0]) + slope * (likeness - 0.5))
    redemptions = (rng.random(len(chances)) < chances).astype(np.int64)
    return with_column(
        ReceptionFrame(plain.customers, plain.campaigns, plain.campaign_rows, redemptions), TASTE[0], likeness
    )


def test_groups_hold_every_feature_once():
    features = [name for group in GROUPS for name in group.features]

    assert len(features) == len(set(features))
    assert {name for group in GROUPS if group.serves_always for name in group.features} == set(FEATURE_NAMES)


def test_likeness_serves_where_tastes_decide():
    outcome = contest(taste_matters(np.random.default_rng(1), 3.0), [LOGISTIC, LIKENESS], np.random.default_rng(0))

    assert outcome.winner == "likeness"
    assert outcome.gains["likeness"].low > 0


def test_likeness_stays_out_where_it_tells_nothing():
    outcome = contest(taste_matters(np.random.default_rng(2), 0.0), [LOGISTIC, LIKENESS], np.random.default_rng(0))

    assert outcome.winner == "logistic"
    assert outcome.gains["likeness"].low <= 0


def test_an_entrant_sees_only_what_it_asks_for():
    frame = taste_matters(np.random.default_rng(3), 0.0)

    assert LOGISTIC.seen(frame).customers.names == ("coupon_orders", "noise")
    assert LIKENESS.seen(frame).customers.names == ("coupon_orders", "noise", *TASTE)
    assert [e.can_be_tried(LOGISTIC.seen(frame)) for e in (LOGISTIC, LIKENESS)] == [True, False]


def test_columns_are_read_only_for_who_can_be_tried():
    patient = Entrant("offer", "Told of the offer", OfferLogistic, 110, OFFER)

    assert columns_for([LOGISTIC, LIKENESS, patient], 20) == TASTE
    assert columns_for([LOGISTIC, LIKENESS, patient], 110) == EXTRA_FEATURES


def test_a_frame_refuses_columns_it_does_not_have():
    with pytest.raises(ValueError, match="there is no column spend"):
        campaign_world(np.random.default_rng(4), n_campaigns=3).named(["spend"])


def slope_of(model):
    """On the logit, when the percentage off doubles."""
    column = model.feature_names_.index("percent_off")
    return float(model.coef_[column] / model.scale_[column] * np.log(2))


def test_a_deeper_benefit_is_learnt_once_there_are_campaigns_enough():
    world = offer_world(np.random.default_rng(5), n_campaigns=150, slope=0.5)

    model = OfferLogistic().fit(world)

    assert slope_of(model) == pytest.approx(0.5, abs=0.12)


def test_few_campaigns_say_nothing_of_a_benefit_and_forecasts_are_those_of_the_plain_model():
    world = offer_world(np.random.default_rng(6), n_campaigns=15, slope=0.5)
    plain = world.named(["coupon_orders"])

    told, untold = rolling_forecasts(world, OfferLogistic), rolling_forecasts(plain, RidgeLogistic)

    for one, other in zip(told, untold, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-9)


def test_the_season_has_no_say_before_two_years_are_seen():
    world = offer_world(np.random.default_rng(7), n_campaigns=FEWEST_OFFERS, slope=0.5, days_apart=3)
    longer = offer_world(np.random.default_rng(7), n_campaigns=FEWEST_OFFERS, slope=0.5, days_apart=8)

    short, long = (OfferLogistic().fit(frame) for frame in (world, longer))

    column = short.feature_names_.index("season_sine")
    assert short.coef_[column] == 0
    assert long.coef_[column] != 0
    assert slope_of(short) != 0


def test_offers_win_where_they_matter_and_there_are_campaigns_enough():
    world = offer_world(np.random.default_rng(8), n_campaigns=150, slope=0.8, n_customers=100)
    entrant = Entrant("offer", "Told of the offer", OfferLogistic, 110, OFFER)

    outcome = contest(world, [LOGISTIC, entrant], np.random.default_rng(0))

    assert outcome.winner == "offer"
