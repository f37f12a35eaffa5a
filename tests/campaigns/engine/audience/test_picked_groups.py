"""The forecast for a group that the model picks itself: the picked are those about whom it is too hopeful."""

import numpy as np
import pytest

from campaigns.engine.audience import rank
from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.frames import CustomerFrame, ReceptionFrame
from campaigns.engine.reception import RidgeLogistic
from campaigns.engine.simulation import Assumptions, Plan, RedemptionCounts, simulate
from tests.worlds import campaign_world

EFFECT_SD = 0.3
ONCE = RedemptionCounts(np.array([1]), np.array([1.0]))
MONEY = Assumptions(0.1, 1.0, 10.0, 0.3)


def noisy_world(rng, n_noise=4):
    """Eight campaigns to learn from and one to forecast, with features that say nothing beside the one that does."""
    frame = campaign_world(rng, n_campaigns=9, n_customers=300, effect_sd=EFFECT_SD)
    noise = rng.gamma(2.0, 2.0, (len(frame.customers), n_noise))
    names = (*frame.customers.names, *(f"noise_{n}" for n in range(n_noise)))
    customers = CustomerFrame(frame.customers.customer_ids, np.hstack([frame.customers.values, noise]), names)
    return ReceptionFrame(customers, frame.campaigns, frame.campaign_rows, frame.redemptions)


def picked(frame, model, share=0.1):
    """What the best tenth is forecast and what came of it, as the actual count, the mean, and the 90 % interval."""
    past, new = frame.only(range(8)), frame.only([8])
    logits = model.fit(past).logits(new.customers, "mail")
    best = rank(logits, new.customers.customer_ids)[: int(share * len(logits))]
    plan = Plan(logits[best], CampaignEffect(0.0, EFFECT_SD, 20), ONCE, MONEY, n_draws=500)
    forecast = simulate(plan, np.random.default_rng(1))["redeemers"]
    interval = forecast.interval(0.9)
    return int(new.responded[best].sum()), forecast.mean, interval.low, interval.high


@pytest.fixture(scope="module")
def worlds():
    return [noisy_world(np.random.default_rng(seed)) for seed in range(80)]


def test_what_came_of_the_picked_lies_in_the_interval_nine_times_in_ten(worlds):
    found = [picked(frame, RidgeLogistic()) for frame in worlds]

    held = np.mean([low <= actual <= high for actual, _, low, high in found])
    assert 0.85 <= held <= 1.0
    hope = sum(mean for _, mean, _, _ in found) / sum(actual for actual, *_ in found)
    assert hope == pytest.approx(1.0, abs=0.1)


def test_a_model_that_learns_chance_by_heart_is_too_hopeful_about_its_own_pick(worlds):
    """The control: without the penalty and with few past campaigns the same forecast promises too much."""

    def hope(model, n_past):
        total = np.zeros(2)
        for seed in range(40):
            frame = noisy_world(np.random.default_rng(seed), n_noise=20)
            new = frame.only([8])
            logits = model.fit(frame.only(range(8 - n_past, 8))).logits(new.customers, "mail")
            best = rank(logits, new.customers.customer_ids)[:30]
            total += [(1 / (1 + np.exp(-logits[best]))).sum(), new.responded[best].sum()]
        return total[0] / total[1]

    assert hope(RidgeLogistic(inverse_penalty=1e4), 1) > hope(RidgeLogistic(), 8) + 0.05
