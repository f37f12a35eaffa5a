from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.audience import Advice, expected_profit, profit_curve, rank, recommend_cut
from campaigns.engine.campaign_effect import NO_EFFECT, CampaignEffect
from campaigns.engine.simulation import Assumptions, Plan, RedemptionCounts

ONCE = RedemptionCounts(np.array([1]), np.array([1.0]))
# 300 likely takers (p = .5) among 1,000; the others hardly ever take (p = .01).
# A redemption leaves 2, a contact costs .1.
LOGITS = np.where(np.arange(1_000) % 10 < 3, 0.0, np.log(0.01 / 0.99))
MONEY = Assumptions(cost_per_contact=0.1, cost_per_redemption=1.0, revenue_per_redemption=10.0, margin_share=0.3)


def plan(**money):
    return Plan(LOGITS, NO_EFFECT, ONCE, replace(MONEY, **money))


def test_cut_finds_the_planted_responders():
    cut = recommend_cut(plan())

    assert (cut.advice, cut.depth) == (Advice.BEST, 300)
    assert cut.profit == pytest.approx(300 * (0.5 * 2 - 0.1))


def test_everybody_and_nobody_are_legal_answers():
    everybody = recommend_cut(plan(cost_per_contact=0.01))
    too_dear = recommend_cut(plan(cost_per_contact=5.0))
    losing = recommend_cut(plan(cost_per_redemption=4.0))

    assert (everybody.advice, everybody.depth) == (Advice.EVERYBODY, 1_000)
    assert (too_dear.advice, too_dear.depth) == (Advice.NOBODY, 0)
    assert (losing.advice, losing.depth, losing.profit) == (Advice.NOBODY, 0, 0.0)


def test_limit_is_kept():
    assert recommend_cut(plan(), n_most=120).depth == 120


def test_curve_peaks_at_the_planted_depth_and_reaches_the_planted_share():
    curve = profit_curve(plan(), np.random.default_rng(1))

    assert curve.depths[0] == 0
    assert curve.depths[-1] == 1_000
    assert curve.depths[np.argmax(curve.profit)] == 300
    at_cut = curve.redeemer_share[curve.depths == 300][0]
    assert at_cut == pytest.approx(150 / 157, abs=0.01)


def test_campaign_effect_widens_the_band():
    uncertain = replace(plan(), effect=CampaignEffect(0.0, 0.5, 20))
    rng = np.random.default_rng(2)

    wide, narrow = profit_curve(uncertain, rng).interval(0.9), profit_curve(plan(), rng).interval(0.9)

    assert (wide[1] - wide[0])[-1] > 2 * (narrow[1] - narrow[0])[-1]


def test_ranking_is_best_first_and_ties_never_move():
    order = rank(np.array([0.0, 1.0, 1.0, -1.0]), np.array([4, 9, 2, 1]))

    assert order.tolist() == [2, 1, 0, 3]


def test_expected_profit_of_one_customer():
    np.testing.assert_allclose(expected_profit(plan())[:1], expit(0.0) * 2 - 0.1)
