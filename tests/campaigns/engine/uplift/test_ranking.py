import json

import numpy as np
import pytest

from campaigns.engine.uplift.calibration import calibrate
from campaigns.engine.uplift.effects import arm_effects
from campaigns.engine.uplift.keeping import serving, to_artefact
from campaigns.engine.uplift.kept import from_artefact, in_single_precision
from campaigns.engine.uplift.learners import RESPONSE, all_together, learn
from campaigns.engine.uplift.planted import planted_group, planted_trial
from campaigns.engine.uplift.ranking import learn_ranking
from campaigns.engine.uplift.surfaces import RIDGE
from segments.engine.files import packed, unpacked


def planted(seed=1, **world):
    frame = planted_trial(np.random.default_rng(seed), **world)
    return type(frame)(**{**vars(frame), "values": in_single_precision(frame.values)})


def test_what_serves_is_the_mean_of_all_learners():
    frame = planted(group_effect=0.3)
    each = [surface(frame.values) for label, surface in learn(frame).items() if label != RESPONSE]
    assert np.allclose(all_together(frame)(frame.values), np.mean(each, axis=0), atol=1e-12)


def test_what_is_kept_expects_the_same_without_pickle():
    frame = planted(group_effect=0.3)
    ranking = learn_ranking(frame, arm_effects(frame)[0], np.random.default_rng(2))
    params, arrays = to_artefact(ranking.kept)
    again = from_artefact(json.loads(json.dumps(params)), unpacked(packed(arrays)))
    new = planted(9, n_people=500).values
    assert np.allclose(again.scores(new), ranking.kept.scores(new), atol=1e-9)
    assert again.calibration == ranking.kept.calibration
    assert again.names == frame.names


def test_the_kept_effect_puts_the_planted_group_first_and_knows_its_size():
    frame = planted(n_people=8000, group_effect=0.3)
    ranking = learn_ranking(frame, arm_effects(frame)[0], np.random.default_rng(2), bases=(RIDGE,))
    new = planted(9, n_people=4000).values
    scores = ranking.kept.scores(new)
    inside = planted_group(new)
    first = np.argsort(-scores)[: inside.sum()]
    assert ranking.is_open
    assert inside[first].mean() > 0.75
    together = ranking.kept.calibration.mean_of(scores)
    assert together.low <= 0.3 / 4 <= together.high


def test_where_nobody_differs_nothing_is_offered():
    frame = planted(effect=0.1)
    assert not learn_ranking(frame, arm_effects(frame)[0], np.random.default_rng(2), bases=(RIDGE,)).is_open


def test_a_line_through_planted_effects_is_found_with_an_honest_error():
    rng = np.random.default_rng(4)
    slopes, held = [], 0
    for _ in range(200):
        scores = rng.normal(size=400)
        effects = 0.1 + 0.5 * scores + rng.normal(scale=2.0, size=400)
        line = calibrate(scores, effects, np.arange(400))
        slopes.append(line.slope)
        low, high = line.interval(np.array([1.0]))
        held += low[0] <= 0.6 <= high[0]
    assert np.mean(slopes) == pytest.approx(0.5, abs=0.03)
    assert 180 <= held <= 199


def test_nobody_is_expected_to_be_further_out_than_was_seen():
    scores = np.linspace(-1, 1, 101)
    line = calibrate(scores, 0.5 * scores, np.arange(101))
    assert line.effects(np.array([50.0]))[0] == pytest.approx(0.5)
    assert calibrate(np.zeros(50), np.ones(50), np.arange(50)).slope == 0


def test_people_unlike_those_of_the_trial_are_told_apart():
    frame = planted()
    kept = learn_ranking(frame, arm_effects(frame)[0], np.random.default_rng(2), bases=(RIDGE,)).kept
    strange = frame.values[:2].copy()
    strange[0, 2] = 1e6
    assert kept.is_unlike(strange).tolist() == [True, False]


def test_a_surface_that_cannot_be_kept_is_refused():
    with pytest.raises(TypeError, match="cannot be kept"):
        serving(lambda values: values[:, 0])
