"""What was learnt is kept as numbers, and opened again over the catalogue as it is then."""

import io
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from campaigns.engine.launches.keeping import from_artefact, to_artefact
from campaigns.engine.launches.model import learn_launches
from campaigns.engine.launches.standing import recent_buyers
from recommender.engine.base import Artefact
from recommender.engine.launches.past import Launches, LaunchRule
from tests.worlds import brand_world

RULE = LaunchRule(warm_up_days=60, outcome_days=20)


@pytest.fixture(scope="module")
def shop():
    return brand_world(np.random.default_rng(2), n_days=300, n_launches=120)


@pytest.fixture(scope="module")
def found(shop):
    return Launches(shop, RULE)


@pytest.fixture(scope="module")
def model(found):
    return learn_launches(found, until=260, rng=np.random.default_rng(0))


def through_a_file(artefact):
    """As it comes back from JSON and `.npz`."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **artefact.arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return Artefact(artefact.kind, json.loads(json.dumps(artefact.params, allow_nan=False)), arrays)


def said(model, found):
    """Of the launches of some later days: chances of everybody, and how many are expected."""
    told = []
    for day in found.days(260, 280):
        expected = model.expected(day.facts, recent_buyers(found, day.day))
        told += [expected, model.logits(day.history, day.facts, model.effect.mean(expected)).ravel()]
    return np.concatenate(told)


def test_what_is_opened_says_exactly_what_was_learnt(found, model):
    opened = from_artefact(through_a_file(to_artefact(model, found)), found)

    np.testing.assert_array_equal(said(opened, found), said(model, found))
    assert opened.effect == model.effect
    for name in ("days", "product_rows", "features", "buyers"):
        np.testing.assert_array_equal(getattr(opened.past, name), getattr(model.past, name))


def test_a_product_that_came_since_changes_nothing_for_the_others(shop, found, model):
    line = shop.purchases.slice(shop.purchases.num_rows - 1)
    first_key = line.set_column(1, "product_id", pa.array([1], pa.int64()))
    since = Launches(replace(shop, purchases=pa.concat_tables([shop.purchases, first_key])), RULE)

    opened = from_artefact(through_a_file(to_artefact(model, found)), since)

    assert len(since.data.products) == len(found.data.products) + 1
    np.testing.assert_allclose(said(opened, since), said(model, found), rtol=1e-5)
    np.testing.assert_array_equal(opened.past.product_rows, model.past.product_rows + 1)


def test_progress_is_told_day_by_day_and_may_stop_the_work(found):
    told = []

    def stop_at_five(done, total):
        told.append((done, total))
        if done == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        learn_launches(found, until=260, rng=np.random.default_rng(0), told=stop_at_five)

    assert [done for done, _ in told] == [1, 2, 3, 4, 5]
    assert told[0][1] > 5
