"""From a shop's orders to relations between its products, and a map of them."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from recommender.engine.attributes import Attributes
from recommender.engine.base import Progress
from recommender.engine.ids import IdMap
from recommender.engine.prod2vec import Prod2Vec, TooFewBaskets
from recommender.engine.relations.baskets import baskets_fingerprint, baskets_from_frame
from recommender.engine.relations.finding import Known, Pairs, RelationFinder, Rules
from recommender.engine.relations.needs import needs_of, shelves
from recommender.engine.relations.pairs import Visits

MAX_ON_MAP = 1000
MAP_PASSES = 500
MICROSECONDS_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class RelationsLearnt:
    """Vectors, relations by kind, and a map.

    Attributes
    ----------
    estimator : Prod2Vec
        Fitted.
    products : IdMap
        Rows of ``relations``.
    relations : dict of str to Pairs
    map_rows : ndarray of int64, shape (n_on_map,)
        The products most bought.
    places : ndarray of float32, shape (n_on_map, 2)
        Where they stand: near is bought in the same company; between 0 and 1.
    n_baskets : int
    data_fingerprint : str
    fit_seconds : float
        Wall-clock seconds of all learning.
    """

    estimator: Prod2Vec
    products: IdMap
    relations: dict[str, Pairs]
    map_rows: NDArray[np.int64]
    places: NDArray[np.float32]
    n_baskets: int
    data_fingerprint: str
    fit_seconds: float


def learn_relations(
    estimator: Prod2Vec,
    lines: pa.Table,
    facts: pa.Table | None,
    *,
    rules: Rules | None = None,
    progress: Progress | None = None,
) -> RelationsLearnt:
    """Learn vectors from baskets, then relations from vectors, baskets, customers, prices and shelves.

    Parameters
    ----------
    estimator : Prod2Vec
        Left unfitted: a copy is fitted.
    lines : pyarrow.Table
        ``Shop.purchases`` with ``order_id``; ``quantity`` and ``amount`` give prices where ``facts`` has none.
    facts : pyarrow.Table, optional
        ``Shop.products``.
    rules : Rules, optional
    progress : callable, optional
        Called with steps done and steps in all.

    Raises
    ------
    TooFewBaskets
        When no product is in enough baskets with another.
    """
    started = time.perf_counter()
    baskets = baskets_from_frame(lines)
    if not baskets:
        raise TooFewBaskets("No order holds two products: import more orders first.")
    epochs = estimator.epochs
    fitted = clone(estimator).fit(baskets, progress=_part(progress, 0, epochs, 2 * epochs))
    products = IdMap(fitted.product_ids_)
    known = known_products(fitted, lines, facts)
    finder = RelationFinder(visits_of(lines, products), known, rules or Rules())
    relations = finder.find(progress=_part(progress, epochs, epochs, 2 * epochs))
    map_rows = np.sort(np.argsort(-fitted.baskets_, kind="stable")[:MAX_ON_MAP]).astype(np.int64)
    places = product_map(fitted.vectors_[map_rows], random_state=estimator.random_state)
    seconds = time.perf_counter() - started
    return RelationsLearnt(
        fitted, products, relations, map_rows, places, len(baskets), baskets_fingerprint(baskets), seconds
    )


def visits_of(lines: pa.Table, products: IdMap) -> Visits:
    """The baskets of purchase lines, with their customers."""
    days = lines["occurred_at"].to_numpy().astype("datetime64[us]").astype(np.int64) / MICROSECONDS_PER_DAY
    product_ids, customer_ids, order_ids = (
        lines[name].to_numpy() for name in ("product_id", "customer_id", "order_id")
    )
    return Visits.from_lines(product_ids, customer_ids, order_ids, days, products)


def known_products(fitted: Prod2Vec, lines: pa.Table, facts: pa.Table | None) -> Known:
    """What is known of the products that have a vector."""
    products = IdMap(fitted.product_ids_)
    told = None if facts is None else Attributes.from_frame(facts, "product_id", products)
    fine, coarse = shelves(told, len(products))
    needs = needs_of(fine, fitted.vectors_, random_state=fitted.random_state)
    listed = None if told is None else told.numbers.get("price")
    paid = prices_paid(lines, products)
    return Known(fitted.vectors_, needs, coarse, paid if listed is None else np.where(np.isnan(listed), paid, listed))


def prices_paid(lines: pa.Table, products: IdMap) -> NDArray[np.float32]:
    """The median price of a piece, shape (n_products,) float32; ``NaN`` where no money is known."""
    prices = np.full(len(products), np.nan, dtype=np.float32)
    if "amount" not in lines.column_names or "quantity" not in lines.column_names:
        return prices
    rows = products.rows_of(lines["product_id"].to_numpy())
    quantity, amount = lines["quantity"].to_numpy(), lines["amount"].to_numpy()
    paid = (rows >= 0) & (quantity > 0) & (amount > 0)
    rows, each = rows[paid], amount[paid] / quantity[paid]
    order = np.lexsort((each, rows))
    rows, each = rows[order], each[order]
    first, last = (
        np.searchsorted(rows, np.arange(len(products))),
        np.searchsorted(rows, np.arange(len(products)), "right"),
    )
    bought = last > first
    prices[bought] = each[(first + last)[bought] // 2]
    return prices


def product_map(vectors: NDArray[np.float32], *, random_state: int) -> NDArray[np.float32]:
    """Places on a plane on which near neighbours stay near.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, dimensions)
    random_state : int

    Returns
    -------
    ndarray of float32, shape (n, 2)
        Between 0 and 1.

    References
    ----------
    van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 2008.
    """
    if len(vectors) < 3:
        return np.zeros((len(vectors), 2), dtype=np.float32)
    # Main components first: t-SNE keeps neighbours, its beginning decides where the groups lie.
    flat = PCA(2, random_state=random_state).fit_transform(vectors)
    if len(vectors) > 30:
        begin = (1e-4 * flat / max(float(flat[:, 0].std()), 1e-9)).astype(np.float32)
        flat = TSNE(
            2, init=begin, perplexity=min(30, len(vectors) // 4), max_iter=MAP_PASSES, random_state=random_state
        ).fit_transform(vectors)
    low = flat.min(axis=0)
    return np.asarray((flat - low) / np.maximum(flat.max(axis=0) - low, 1e-9), dtype=np.float32)


def _part(progress: Progress | None, before: int, steps: int, total: int) -> Progress | None:
    """Tell the progress of one of several parts, so many steps of the whole."""
    if progress is None:
        return None
    return lambda done, of: progress(before + done * steps // max(of, 1), total)
