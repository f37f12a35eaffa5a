"""A peer that is set up badly would make us look good: each must find the planted taste too."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.engine.splits import temporal_split
from recommender.management.peers import ImplicitAls, PlainEase
from tests.worlds import taste_world


@pytest.fixture(scope="module")
def split():
    until = datetime(2024, 4, 30, tzinfo=UTC)
    return temporal_split(taste_world(np.random.default_rng(1)), until=until, window_days=14)


@pytest.mark.parametrize("peer", [ImplicitAls(factors=8), PlainEase()], ids=lambda one: one.kind)
def test_peer_finds_the_planted_taste(peer, split):
    items, scores = peer.fit(split.before_test).recommend(split.test.history, 5, exclude_seen=False)

    own = split.before_test.customers.ids[split.test.customer_rows] % 2
    assert np.isfinite(scores).all()
    assert (split.before_test.products.ids[items] % 2 == own[:, None]).mean() > 0.95


@pytest.mark.parametrize("kind", [ImplicitAls, PlainEase])
def test_peer_is_tuned_on_the_validation_window(kind, split):
    peer = kind().fit(split.train, validation=split.validation)

    assert peer.best_ in list(kind.grid)
    assert peer.settled().get_params().items() >= peer.best_.items()
