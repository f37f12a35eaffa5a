"""Below which share of buyers who come back is a product bought once? Chosen on earlier windows, tested on the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import Recommender, top_k
from recommender.engine.benchmark import BenchmarkRow, NotPossible, row
from recommender.engine.dataset import FRAME_SCHEMA
from recommender.engine.ials import Ials
from recommender.engine.metrics import bootstrap_mean, recall_at_k
from recommender.engine.neighbours import repeat_rate
from recommender.engine.shop import Shop
from recommender.engine.splits import SpanTooShort, TemporalSplit, temporal_split

K = 10
WINDOW_DAYS = 28
N_EARLIER = 2
HALF_LIFE_DAYS = 120.0
SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


def repeat_share(shop: Shop, estimators: Mapping[str, Recommender], rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    """Recall lost by leaving out what a customer has, where fewer of its buyers come back than each share.

    By factors, which do not know what is bought again: where a recommender does, leaving out can only lose.
    """
    found: dict[float, list[NDArray[np.float64]]] = {share: [] for share in SHARES}
    for number in range(N_EARLIER, -1, -1):
        split = _split(shop, number)
        scores = Ials(random_state=0).fit(split.before_test).score(split.test.history)
        for share in SHARES:
            found[share].append(_lost(scores, split, share))
    for share, windows in found.items():
        for name, values in (("earlier windows", np.concatenate(windows[:-1])), ("last window", windows[-1])):
            lost = bootstrap_mean(values, rng)
            yield row(shop, name, f"fewer than {share:.0%} come back", f"recall@{K} lost", lost)


def _split(shop: Shop, number: int) -> TemporalSplit:
    try:
        return temporal_split(
            shop.purchases.select(FRAME_SCHEMA.names),
            until=shop.until - timedelta(days=number * WINDOW_DAYS),
            window_days=WINDOW_DAYS,
            min_customers=shop.min_customers,
            half_life_days=HALF_LIFE_DAYS,
        )
    except SpanTooShort as error:
        raise NotPossible(f"The shop's past is too short: {error}.") from error


def _lost(scores: NDArray[np.float32], split: TemporalSplit, share: float) -> NDArray[np.float64]:
    log = split.before_test.log
    assert log is not None
    once = repeat_rate(log, scores.shape[1]) < share
    done_with = (split.test.history.weights @ sparse.diags_array(once.astype(np.float32))).tocsr()
    left = scores.copy()
    left[done_with.nonzero()] = -np.inf
    whole, part = (recall_at_k(top_k(one, K)[0], split.test.answers) for one in (scores, left))
    return whole - part
