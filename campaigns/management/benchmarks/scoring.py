"""The best products for every customer, beside the bare matrix product that nobody can do without."""

from collections.abc import Callable

import numpy as np
from implicit.cpu.topk import topk
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from campaigns.management.benchmarks.measuring import Measurement, watched
from recommender.engine.factor_search import FactorIndex

N_CUSTOMERS, N_PRODUCTS, N_FACTORS, K = 200_000, 100_000, 64, 20
# The peers do the same for a part of the customers: their rate does not depend on how many there are.
N_PEER_CUSTOMERS, ROWS = 20_000, 256
SEED = 7


def score_batch() -> list[Measurement]:
    """Twenty products out of 100,000 for each of 200,000 customers, by inner products of 64 factors.

    The bare product writes its scores and looks for nothing: whatever sorts them in addition cannot be faster. The
    other peer does the whole task: `implicit`'s product with its partial sort in C++.
    """
    rng = np.random.default_rng(SEED)
    customers = rng.standard_normal((N_CUSTOMERS, N_FACTORS), dtype=np.float32)
    products = rng.standard_normal((N_PRODUCTS, N_FACTORS), dtype=np.float32)
    some = customers[:N_PEER_CUSTOMERS]
    bare = _rate(len(some), lambda: _products_only(some, products))
    whole = _rate(len(some), lambda: _implicit(some, products))
    with watched() as ours:
        FactorIndex.of(products).best(customers, K)
    rate = N_CUSTOMERS / ours.seconds
    peer = f"the bare BLAS product, nothing sorted: {bare:,.0f}/s; implicit's with its sort in C++: {whole:,.0f}/s"
    memory = (ours.peak_mb, ours.own_mb)
    return [Measurement("score_batch", round(rate), "customers/s", peer, round(rate / bare, 2), *memory)]


def _rate(n: int, work: Callable[[], None]) -> float:
    with watched() as taken:
        work()
    return n / taken.seconds


def _products_only(customers: NDArray[np.float32], products: NDArray[np.float32]) -> None:
    scores = np.empty((ROWS, len(products)), dtype=np.float32)
    for first in range(0, len(customers), ROWS):
        rows = customers[first : first + ROWS]
        np.matmul(rows, products.T, out=scores[: len(rows)])


def _implicit(customers: NDArray[np.float32], products: NDArray[np.float32]) -> None:
    # It runs its own threads and asks that the product does not.
    with threadpool_limits(1, "blas"):
        topk(products, customers, K)
