from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.allotment import NO_CAP, Question
from campaigns.engine.incentives import chances_by_benefit, least_sufficient, solve

BENEFITS = np.array([1.0, 2.0, 4.0])
MARGIN = 6.0


def question(logits, slope, **limits):
    """A use leaves 6 before its benefit; a contact costs .2."""
    chances = chances_by_benefit(logits, BENEFITS, 1.0, slope)
    given = {"caps": np.full(3, NO_CAP), "contact_cost": 0.2, **limits}
    return Question(chances * (MARGIN - BENEFITS), chances * BENEFITS, np.ones(chances.shape, dtype=bool), **given)


def world(n=3_000, seed=1):
    return np.random.default_rng(seed).normal(-1.5, 1.5, n)


def test_whoever_would_take_it_anyway_gets_the_smallest_and_the_hesitant_a_larger_one():
    sure, hesitant, hopeless = 4.0, -1.0, -9.0

    found = least_sufficient(question(np.array([sure, hesitant, hopeless]), slope=1.5))

    assert found.chosen.tolist() == [[True, False, False], [False, True, False], [False, False, False]]


def test_where_a_larger_benefit_moves_nobody_none_gets_one():
    found = least_sufficient(question(world(), slope=0.0))

    assert not found.chosen[:, 1:].any()
    assert found.value == pytest.approx(found.uniform[0])


def test_it_is_worth_at_least_any_single_benefit_for_all_and_never_more_than_the_programme():
    asked = question(world(), slope=1.0, budget=400.0)

    found = least_sufficient(asked)

    assert found.value >= max(found.uniform) - 1e-9
    assert found.value <= found.programme.value + 1e-6
    assert found.gap_share < 0.001
    assert found.spend <= 400.0
    assert (found.chosen.sum(axis=1) <= 1).all()


def test_the_shadow_price_is_what_one_more_of_the_budget_brings():
    asked = question(world(20_000), slope=1.0, budget=3_000.0)

    one_more = solve(replace(asked, budget=3_001.0)).value - solve(asked).value

    assert solve(asked).shadow_price == pytest.approx(one_more, rel=1e-3)
    assert one_more > 0


def test_budget_that_is_not_used_up_has_no_price():
    assert solve(question(world(), slope=1.0, budget=1e9)).shadow_price == pytest.approx(0, abs=1e-6)
    assert solve(question(world(), slope=1.0)).shadow_price == 0


def test_nobody_is_a_legal_answer():
    found = least_sufficient(question(np.full(50, -9.0), slope=1.0, budget=10.0))

    assert not found.chosen.any()
    assert (found.value, found.programme.value) == (0.0, 0.0)


def test_caps_are_kept_and_the_programme_bounds_the_answer():
    asked = question(world(), slope=1.5, caps=np.array([NO_CAP, 40, 5]), budget=500.0)

    found = least_sufficient(asked)

    assert (found.chosen.sum(axis=0)[1:] <= [40, 5]).all()
    assert found.value <= found.programme.value + 1e-6
    assert found.gap_share < 0.01


@pytest.mark.parametrize("seed", range(20))
def test_leaving_out_what_is_dominated_changes_nothing(seed):
    """Against the whole programme, and against every whole answer of a small world."""
    rng = np.random.default_rng(seed)
    asked = question(rng.normal(-1, 1.5, 4), slope=float(rng.uniform(0, 2)), budget=float(rng.uniform(0.5, 4)))
    answers = np.array(np.meshgrid(*[range(4)] * 4)).reshape(4, -1).T

    def worth(answer):
        chosen = np.zeros((4, 3), dtype=bool)
        for row, benefit in enumerate(answer):
            if benefit < 3:
                chosen[row, benefit] = True
        return asked.value_of(chosen) if asked.spend_of(chosen) <= asked.budget else -np.inf

    best = max(worth(answer) for answer in answers)
    found = least_sufficient(asked)

    assert found.programme.value >= best - 1e-7
    assert found.value <= best + 1e-9


def test_two_benefits_for_one_customer_are_refused():
    with pytest.raises(ValueError, match="one benefit"):
        least_sufficient(replace(question(world(10), slope=1.0), most_per_customer=2))
