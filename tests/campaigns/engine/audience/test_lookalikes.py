import numpy as np
import pytest

from campaigns.engine.audience.lookalikes import NothingInCommon, TooFewSeeds, find_alike


def world(rng, n=3_000, n_seeds=150):
    """A third of the customers are of one kind, which one feature in five tells; the list is a random part of it."""
    is_kind = rng.random(n) < 1 / 3
    values = rng.gamma(2.0, 2.0, (n, 5))
    values[:, 0] *= np.where(is_kind, 3.0, 1.0)
    is_seed = np.zeros(n, dtype=bool)
    is_seed[rng.permutation(np.flatnonzero(is_kind))[:n_seeds]] = True
    return values, is_kind, is_seed


def test_the_rest_of_the_planted_kind_is_found():
    values, is_kind, is_seed = world(np.random.default_rng(1))

    found = find_alike(values, is_seed, np.random.default_rng(2))

    others = np.flatnonzero(~is_seed)
    best = others[np.argsort(-found.scores[others])][:300]
    assert is_kind[best].mean() > 0.75
    assert found.serving.mid > 0.7
    assert found.is_learnt
    assert found.learnt.low > found.plain.low


def test_a_random_list_is_refused_with_a_sentence():
    rng = np.random.default_rng(3)
    values, _, is_seed = world(rng)

    with pytest.raises(NothingInCommon, match="nothing in common"):
        find_alike(values, rng.permutation(is_seed), rng)


def test_a_short_list_is_refused_with_its_length():
    values, _, is_seed = world(np.random.default_rng(4), n_seeds=12)

    with pytest.raises(TooFewSeeds, match="Only 12"):
        find_alike(values, is_seed, np.random.default_rng(5))


def test_the_plain_ranking_serves_where_the_learnt_one_is_not_surely_better():
    """The kind lies within the crowd on every side: near its middle is all there is to know."""
    rng = np.random.default_rng(6)
    n = 2_000
    is_kind = np.arange(n) < 200
    values = np.expm1(np.where(is_kind[:, None], 2.0 + rng.normal(0, 0.15, (n, 3)), rng.uniform(0, 4, (n, 3))).clip(0))

    found = find_alike(values, is_kind & (rng.random(n) < 0.7), rng)

    assert not found.is_learnt
    assert found.serving is found.plain
    assert found.plain.mid > 0.9


def test_the_same_seed_gives_the_same_ranking_and_missing_values_are_no_error():
    values, _, is_seed = world(np.random.default_rng(7))
    values[::7, 3] = np.nan

    first, second = (find_alike(values, is_seed, np.random.default_rng(8)) for _ in range(2))

    np.testing.assert_array_equal(first.scores, second.scores)
    assert first.learnt == second.learnt
