import numpy as np
import pytest

from recommender.engine.contests.calibration import reliability
from recommender.engine.contests.gate import objections

SURE = {"value": 0.03, "low": 0.01, "high": 0.05}
UNSURE = {"value": 0.01, "low": -0.02, "high": 0.04}
MONEY = {"value": 9.0, "low": 8.0, "high": 10.0}


@pytest.mark.parametrize(
    ("metrics", "readiness", "words"),
    [
        ({"revenue_at_10": MONEY}, None, ["never compared"]),
        ({"advantage": {"value": 0.1}, "revenue_at_10": MONEY}, None, ["never compared"]),
        ({"advantage": UNSURE, "revenue_at_10": MONEY}, None, ["-2.0 and +4.0 percentage points"]),
        ({"advantage": SURE}, None, ["what it would earn"]),
        ({"advantage": SURE, "revenue_at_10": {"value": 9.0}}, None, ["what it would earn"]),
        ({"advantage": UNSURE}, None, ["percentage points", "what it would earn"]),
        ({"advantage": SURE, "revenue_at_10": MONEY}, {"is_ready": False, "n_customers_more": 1200}, ["1,200 more"]),
        ({"advantage": SURE, "revenue_at_10": MONEY}, {"is_ready": False, "n_customers_more": None}, ["cannot tell"]),
        ({"advantage": SURE, "revenue_at_10": MONEY}, {"is_ready": True, "n_customers_more": 0}, []),
        ({"advantage": SURE, "redemptions_at_10": MONEY}, None, []),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value),
)
def test_every_objection_is_a_sentence_and_nothing_else_speaks_against(metrics, readiness, words):
    told = objections(metrics, readiness)
    assert len(told) == len(words)
    for sentence, word in zip(told, words, strict=True):
        assert word in sentence


def scored(rng, n, chance_of):
    scores = rng.normal(size=(n, 10)).astype(np.float32)
    return scores, rng.random((n, 10)) < chance_of(scores)


def test_scores_that_mean_the_same_later_are_calibrated():
    rng = np.random.default_rng(1)
    before, test = (scored(rng, 2000, lambda scores: 1 / (1 + np.exp(2 - scores))) for _ in range(2))

    found = reliability(before, test, rng)

    assert found.error < 0.02
    assert sum(one.low <= one.said <= one.high for one in found.bins) >= len(found.bins) - 2
    assert [one.said for one in found.bins] == sorted(one.said for one in found.bins)


def test_a_world_that_turned_is_told():
    rng = np.random.default_rng(1)
    before = scored(rng, 2000, lambda scores: np.full(scores.shape, 0.5))
    test = scored(rng, 2000, lambda scores: np.full(scores.shape, 0.1))

    found = reliability(before, test, rng)

    assert found.error > 0.3
    assert all(one.high < one.said for one in found.bins)


def test_nothing_shown_is_no_calibration():
    nothing = (np.full((3, 10), -np.inf, dtype=np.float32), np.zeros((3, 10), dtype=bool))
    assert reliability(nothing, nothing, np.random.default_rng(1)) is None
