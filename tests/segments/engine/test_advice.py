import numpy as np

from segments.engine.advice import advice, disagreement
from segments.engine.clustering import cluster
from segments.engine.plans import Plan
from tests.worlds import segment_world

PLAN = Plan(k_range=range(2, 6))


def test_clear_segments_need_no_advice():
    values, _ = segment_world(np.random.default_rng(1))

    found = cluster(values, PLAN, rng=np.random.default_rng(2))

    assert advice(found, PLAN, 3) == ()
    assert disagreement(found, PLAN) == "All three indices speak for 3 segments."


def test_where_there_is_nothing_it_is_said_with_what_to_try():
    rng = np.random.default_rng(3)
    values = np.expm1(rng.normal(3, 1, (600, 8)))

    found = cluster(values, PLAN, rng=rng)
    told = advice(found, PLAN, 8)

    assert told[0].startswith("There are no clear segments here") or "other samples" in told[0]
    assert any("combine those that go together" in sentence for sentence in told)
    assert any("density" in sentence for sentence in told)
