import numpy as np
import pytest

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.simulation import Assumptions, Plan, RedemptionCounts, simulate, stream

EFFECT = CampaignEffect(0.0, 0.4, 20)
COUNTS = RedemptionCounts(np.array([1, 3]), np.array([0.5, 0.5]))
MONEY = Assumptions(0.5, 1.0, 10.0, 0.3)


def test_the_same_use_of_the_same_seed_is_the_same_stream():
    assert stream(7, "profit", 2).random(5).tolist() == stream(7, "profit", 2).random(5).tolist()


@pytest.mark.parametrize("other", [stream(8, "profit"), stream(7, "forecast"), stream(7, "profit", 1)])
def test_another_seed_use_or_part_is_another(other):
    assert other.random(3).tolist() != stream(7, "profit").random(3).tolist()


def test_parts_are_the_same_in_whatever_order_they_are_simulated():
    logits = np.random.default_rng(1).normal(-2, 1, 600)
    plans = [Plan(part, EFFECT, COUNTS, MONEY) for part in np.array_split(logits, 3)]

    forwards = [simulate(plan, stream(5, "segment", number)) for number, plan in enumerate(plans)]
    backwards = [simulate(plans[number], stream(5, "segment", number)) for number in (2, 1, 0)][::-1]

    assert forwards == backwards


def test_plans_of_one_seed_meet_the_same_campaigns():
    """What differs between two plans is then the plan: the difference is far surer than either."""
    logits = np.random.default_rng(1).normal(-2, 1, 4_000)
    small, large = (Plan(logits[:n], EFFECT, COUNTS, MONEY) for n in (3_000, 4_000))

    one, other = (simulate(plan, stream(5, "forecast")).draws["redeemers"] for plan in (small, large))
    apart = simulate(large, stream(6, "forecast")).draws["redeemers"]

    assert np.corrcoef(one, other)[0, 1] > 0.95
    assert abs(np.corrcoef(one, apart)[0, 1]) < 0.1
