from dataclasses import replace

import numpy as np

from segments.engine.advice import advice, disagreement, going_on
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


def test_the_number_before_stays_while_it_may_be_offered():
    plan = replace(PLAN, k_before=2)
    values, _ = segment_world(np.random.default_rng(1))

    found = cluster(values, plan, rng=np.random.default_rng(2))

    assert found.k == 2
    assert going_on(found, plan).endswith("clearness alone would speak for 3.")


def test_the_number_before_does_not_stay_where_it_would_leave_a_tiny_one():
    plan = replace(PLAN, k_before=5, min_share=0.25)
    values, _ = segment_world(np.random.default_rng(1))

    found = cluster(values, plan, rng=np.random.default_rng(2))

    assert found.k == 3
    assert going_on(found, plan).endswith("as customers are now, 5 would leave a tiny one.")


def test_nothing_goes_on_where_nothing_was_or_a_person_chose():
    values, _ = segment_world(np.random.default_rng(1))
    chosen = replace(PLAN, k_before=2, k=3)

    assert going_on(cluster(values, PLAN, rng=np.random.default_rng(2)), PLAN) == ""
    assert going_on(cluster(values, chosen, rng=np.random.default_rng(2)), chosen) == ""
