from itertools import pairwise

import numpy as np
import pytest

from campaigns.engine.uplift.planted import planted_trial
from campaigns.engine.uplift.qini import normalised_qini, qini_curve, qini_estimate, uplift_at


def area_by_hand(outcome, scores, treated):
    """Radcliffe's curve point by point, and the trapezia under it, as slowly as it is defined."""
    points = [(0, 0.0)]
    for bar in sorted(set(scores), reverse=True):
        inside = [row for row, score in enumerate(scores) if score >= bar]
        n_treated = sum(treated[row] for row in inside)
        n_control = len(inside) - n_treated
        of_treated = sum(outcome[row] for row in inside if treated[row])
        of_control = sum(outcome[row] for row in inside if not treated[row])
        points.append((len(inside), of_treated - (of_control * n_treated / n_control if n_control else 0.0)))
    pairs = pairwise(points)
    area = sum((right[0] - left[0]) * (right[1] + left[1]) / 2 for left, right in pairs)
    return area - points[-1][0] * points[-1][1] / 2


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_the_published_formula(ties):
    rng = np.random.default_rng(7)
    frame = planted_trial(rng, n_people=300, effect=0.1)
    scores = rng.integers(0, 9, 300).astype(np.float64) if ties else rng.random(300)
    area = area_by_hand(frame.outcome, scores, frame.treated)
    best = area_by_hand(frame.outcome, np.where(frame.treated, frame.outcome, -frame.outcome), frame.treated)
    curve = qini_curve(frame.outcome, scores, frame.treated)
    assert curve.coefficient == pytest.approx(area / 300**2, abs=1e-12)
    assert normalised_qini(frame.outcome, scores, frame.treated) == pytest.approx(area / best, abs=1e-9)


def test_an_order_by_chance_gains_nothing():
    frame = planted_trial(np.random.default_rng(8), n_people=40_000, group_effect=0.2)
    rng = np.random.default_rng(0)
    found = [qini_curve(frame.outcome, rng.random(len(frame)), frame.treated).coefficient for _ in range(20)]
    assert np.abs(found).max() < 0.002


def test_an_order_that_knows_the_group_gains_and_its_interval_says_so():
    frame = planted_trial(np.random.default_rng(9), n_people=20_000, group_effect=0.15)
    knows = ((frame.values[:, 0] > 0) & (frame.values[:, 1] > 5)).astype(np.float64)
    found = qini_estimate(frame.outcome, knows, frame.treated, frame.groups, np.random.default_rng(0))
    assert found.is_positive
    assert uplift_at(frame.outcome, knows, frame.treated, 0.25).value == pytest.approx(0.15, abs=0.03)
    same = qini_curve(frame.outcome, np.ones(len(frame)), frame.treated)
    assert same.coefficient == 0


def test_the_interval_holds_zero_where_nobody_differs():
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = planted_trial(rng, n_people=1500, effect=0.1)
        found = qini_estimate(frame.outcome, rng.random(1500), frame.treated, frame.groups, rng)
        held += not found.excludes_zero
    assert held >= 52
