from itertools import pairwise

import numpy as np
import pytest

from campaigns.engine.uplift.planted import planted_trial, thinned_log
from campaigns.engine.uplift.qini import even_weights, normalised_qini, qini_curve, qini_estimate, uplift_at


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


def test_one_chance_for_all_leaves_every_figure_as_it_was():
    frame = planted_trial(np.random.default_rng(3), n_people=2000, group_effect=0.2)
    scores = np.random.default_rng(4).random(2000)
    chance = np.where(np.arange(2000) % 2, 0.3, 0.3 + 1e-12)
    weights = even_weights(frame.treated, chance)
    given = (frame.outcome, scores, frame.treated)
    by_hand = np.where(frame.treated, 0.3, 0.7) / np.where(frame.treated, chance, 1 - chance)
    for one in (weights, by_hand):
        assert np.abs(qini_curve(*given, one).gain - qini_curve(*given).gain).max() < 1e-9
        assert normalised_qini(*given, one) == pytest.approx(normalised_qini(*given), abs=1e-9)
        plain, weighed = uplift_at(*given, 0.3), uplift_at(*given, 0.3, one)
        assert (weighed.value, weighed.se) == pytest.approx((plain.value, plain.se), abs=1e-9)
        estimates = [qini_estimate(*given, frame.groups, np.random.default_rng(5), each) for each in (None, one)]
        assert estimates[1].se == pytest.approx(estimates[0].se, abs=1e-9)


def test_where_chances_differ_an_order_by_what_they_went_by_gains_nothing_once_they_are_weighed():
    plain, weighed = [], []
    for seed in range(20):
        log, _, _ = thinned_log(np.random.default_rng(seed), n_people=4000, effect=0.0, group_effect=0.0)
        # Both the chance of getting the message and that of buying grow with spending, the effect does not.
        given = (log.outcome + 2 * (log.values[:, 2] > 1), log.values[:, 2] + log.values[:, 1], log.treated)
        plain.append(qini_curve(*given).gain[-1] / len(log))
        weighed.append(qini_curve(*given, even_weights(log.treated, log.treated_chance)).gain[-1] / len(log))
    assert np.mean(plain) > 0.1
    assert abs(np.mean(weighed)) < 0.02
