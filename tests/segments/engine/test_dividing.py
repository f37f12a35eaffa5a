import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.datasets import make_moons
from sklearn.metrics import adjusted_rand_score

from segments.engine.dividing.base import UNASSIGNED, largest_first, nearest, relabelled
from segments.engine.dividing.density import DbscanDivider, HdbscanDivider
from segments.engine.dividing.kmeans import KMeansDivider
from segments.engine.dividing.ward import WardDivider
from segments.engine.preparing import Scaling
from tests.worlds import segment_world

ALL = [KMeansDivider(3), WardDivider(3), DbscanDivider(), HdbscanDivider()]
DENSITY = ALL[2:]


def planted(seed=1):
    values, kinds = segment_world(np.random.default_rng(seed))
    return Scaling.learn(values).apply(values), kinds


def moons(seed=0):
    values, halves = make_moons(1000, noise=0.05, random_state=seed)
    return Scaling.learn(values, is_damped=False).apply(values), halves


def named(divider):
    return type(divider).__name__


@pytest.mark.parametrize("divider", ALL, ids=named)
def test_finds_what_was_planted(divider):
    values, kinds = planted()

    found = clone(divider).fit(values)

    assert adjusted_rand_score(kinds, found.labels_) >= 0.95
    assert adjusted_rand_score(kinds, found.assign(values)) >= 0.95


@pytest.mark.parametrize("divider", ALL, ids=named)
def test_one_by_one_is_as_all_at_once(divider):
    values, _ = planted()
    found = clone(divider).fit(values)

    alone = [int(found.assign(values[row : row + 1])[0]) for row in range(0, len(values), 37)]

    assert alone == found.assign(values)[::37].tolist()
    assert found.assign(values[:0]).shape == (0,)


@pytest.mark.parametrize("divider", ALL, ids=named)
def test_what_was_saved_assigns_as_before(divider):
    values, _ = planted()
    found = clone(divider).fit(values)

    again = clone(divider).restore(found.arrays())

    np.testing.assert_array_equal(again.assign(values), found.assign(values))


@pytest.mark.parametrize("divider", ALL, ids=named)
def test_a_second_fit_forgets_the_first(divider):
    values, _ = planted()
    other, _ = moons()

    twice = clone(divider).fit(other).fit(values)

    np.testing.assert_array_equal(twice.labels_, clone(divider).fit(values).labels_)


@pytest.mark.parametrize("divider", ALL, ids=named)
def test_the_largest_group_is_the_first(divider):
    values, kinds = planted()
    uneven = values[np.concatenate([np.flatnonzero(kinds == 2)[:60], np.flatnonzero(kinds == 0), [*range(120, 200)]])]

    labels = clone(divider).fit(uneven).labels_

    sizes = np.bincount(labels[labels >= 0])
    assert list(sizes) == sorted(sizes, reverse=True)


@pytest.mark.parametrize("divider", DENSITY, ids=named)
def test_crowds_of_any_shape_are_found_where_centres_fail(divider):
    values, halves = moons()

    assert adjusted_rand_score(halves, clone(divider).fit(values).labels_) > 0.9
    assert adjusted_rand_score(halves, KMeansDivider(2).fit(values).labels_) < 0.6


@pytest.mark.parametrize("seed", range(6))
def test_the_distance_of_dbscan_is_found_in_the_data(seed):
    values, halves = moons(seed)

    assert adjusted_rand_score(halves, DbscanDivider().fit(values).labels_) > 0.9


@pytest.mark.parametrize("divider", DENSITY, ids=named)
def test_who_stands_alone_is_in_no_group(divider):
    values, _ = planted()
    lonely = np.array([[40.0, -40.0, 40.0]])

    found = clone(divider).fit(np.vstack([values, lonely]))

    assert found.labels_[-1] == UNASSIGNED
    assert found.assign(lonely).tolist() == [UNASSIGNED]
    assert found.assign(values.mean(axis=0, keepdims=True) + 90).tolist() == [UNASSIGNED]


@pytest.mark.parametrize(("divider", "least"), [(WardDivider(3), 0.95), *((one, 0.9) for one in DENSITY)])
def test_many_rows_are_drawn_from_and_all_have_a_group(divider, least, monkeypatch):
    values, kinds = segment_world(np.random.default_rng(3), n_each=500)
    scaled = Scaling.learn(values).apply(values)
    monkeypatch.setattr(type(divider), "fits_at_most", 400)

    found = clone(divider).fit(scaled)

    assert len(found.labels_) == 1500
    assert adjusted_rand_score(kinds, found.labels_) >= least


def test_past_a_hundred_thousand_rows_small_batches_are_taken():
    rng = np.random.default_rng(1)
    kinds = rng.integers(0, 3, 100_001)
    values = 8.0 * kinds[:, None] + rng.normal(size=(len(kinds), 2))

    found = KMeansDivider(3, random_state=4).fit(values)

    peer = MiniBatchKMeans(n_clusters=3, n_init=5, random_state=4).fit(values)
    assert adjusted_rand_score(peer.labels_, found.labels_) == 1
    assert adjusted_rand_score(kinds, found.labels_) > 0.99


def test_the_tree_is_cut_between_the_merges_that_remain():
    values, _ = planted()

    found = WardDivider(3).fit(values)
    tree = found.tree()

    heights = found.merges_[:, 2]
    assert heights[-3] < tree.cut < heights[-2]
    assert sum(tree.leaves) == len(values)
    assert len(tree.branches) == len(tree.leaves) - 1


def test_labels_are_put_in_order():
    labels = np.array([2, 2, 0, -1, 2, 0, 1])

    order = largest_first(labels)

    assert order.tolist() == [2, 0, 1]
    assert relabelled(labels, order).tolist() == [0, 0, 1, -1, 0, 1, 2]


def test_nearest_is_that_of_every_distance(monkeypatch):
    rng = np.random.default_rng(2)
    values, points = rng.normal(size=(50, 4)), rng.normal(size=(7, 4))
    monkeypatch.setattr("segments.engine.dividing.base.CELLS_AT_ONCE", 21)

    rows, distances = nearest(values, points)

    every = np.linalg.norm(values[:, None] - points[None], axis=2)
    np.testing.assert_array_equal(rows, every.argmin(axis=1))
    np.testing.assert_allclose(distances, every.min(axis=1), atol=1e-7)
