import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.scenarios import best_of, count_draws, difference, shift_for
from campaigns.engine.simulation import Assumptions, LogitBins, Plan, RedemptionCounts, simulate

EFFECT = CampaignEffect(-0.1, 0.4, 15)
COUNTS = RedemptionCounts(np.array([1, 3]), np.array([0.5, 0.5]))
MONEY = Assumptions(cost_per_contact=0.5, cost_per_redemption=1.0, revenue_per_redemption=10.0, margin_share=0.3)


def logits(n=3_000, seed=0):
    return np.random.default_rng(seed).normal(-2.0, 1.0, n)


def drawn(values, seed=7):
    return count_draws(LogitBins.from_logits(values), EFFECT, COUNTS, np.random.default_rng(seed))


def test_a_plan_drawn_here_is_the_simulation_itself():
    forecast = simulate(Plan(logits(), EFFECT, COUNTS, MONEY), np.random.default_rng(7))
    draws = drawn(logits()).metrics(MONEY)

    assert np.median(draws["redeemers"]) == forecast["redeemers"].mid
    assert np.median(draws["profit"]) == pytest.approx(forecast["profit"].mid)


def test_plans_share_their_simulated_campaigns_so_a_difference_is_surer_than_either():
    whole, best = logits(), np.sort(logits())[::-1][:2_000]
    one, other = drawn(whole), drawn(best)
    between = difference("redeemers", one.redeemers, other.redeemers).forecast.interval(0.9)
    unpaired = difference("redeemers", one.redeemers, drawn(best, seed=8).redeemers).forecast.interval(0.9)

    assert np.corrcoef(one.redeemers, other.redeemers)[0, 1] > 0.9
    assert between.high - between.low < 0.4 * (unpaired.high - unpaired.low)


def test_plans_that_differ_in_money_alone_have_the_same_counts():
    assert (drawn(logits()).redemptions == drawn(logits()).redemptions).all()


def test_the_same_plan_twice_is_not_told_apart_and_a_better_one_is():
    one, larger = drawn(logits()), drawn(logits(6_000))

    assert not difference("redeemers", one.redeemers, one.redeemers).is_told_apart
    assert difference("redeemers", one.redeemers, one.redeemers).better_share == 0.5
    assert difference("redeemers", larger.redeemers, one.redeemers).is_told_apart


def test_a_shift_multiplies_what_is_expected_and_never_beyond_everybody():
    bins = LogitBins.from_logits(logits())
    expected = expit(bins.centres) @ bins.sizes

    assert expit(bins.centres + shift_for(bins, 1.3)) @ bins.sizes == pytest.approx(1.3 * expected)
    assert shift_for(bins, 1.0) == pytest.approx(0.0, abs=1e-9)
    assert expit(bins.centres + shift_for(bins, 1e6)) @ bins.sizes <= bins.sizes.sum()
    with pytest.raises(ValueError, match="more than 0"):
        shift_for(bins, 0.0)


def test_shares_of_being_the_best_add_up_and_ties_are_shared():
    profits = np.array([[3.0, 1.0, 2.0, 2.0], [1.0, 4.0, 2.0, 1.0]])

    assert best_of(profits).tolist() == [0.625, 0.375]


def test_plans_drawn_unequally_often_are_refused():
    with pytest.raises(ValueError, match="equally often"):
        difference("profit", np.zeros(3), np.zeros(4))
