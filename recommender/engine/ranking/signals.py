"""One row of signals for every (customer, candidate): all that the hybrid's trees see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.history import CustomerHistory
from recommender.engine.ranking.product_signals import FRESH_NOW, PRODUCT_NAMES, SOLD_NOW
from recommender.engine.ranking.purchase_signals import CUSTOMER_NAMES, OWN_NAMES, OwnPurchases, own_purchases
from recommender.engine.ranking.sources import AFFINITY_HALF_LIVES_DAYS, Sources

STRENGTH = OWN_NAMES.index("decay_120")
LINES = OWN_NAMES.index("baskets_with")


@dataclass(frozen=True)
class View:
    """Some customers at one moment.

    Attributes
    ----------
    history : CustomerHistory
    own : OwnPurchases
    scores : dict of str to ndarray of float32, shape (n_customers, n_products)
        By part.
    usual : dict of str to ndarray of float32, shape (2, n_customers)
        By part, mean and spread of a customer's scores.
    """

    history: CustomerHistory
    own: OwnPurchases
    scores: dict[str, NDArray[np.float32]]
    usual: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Cells:
    """Pairs of customer and product, by customer; ``pairs`` says which row of the own purchases a pair is.

    Attributes
    ----------
    rows, columns, pairs : ndarray of int64, shape (n_cells,)
        ``pairs`` is ``-1`` for all that the customer never bought, or has all of them 0 or above.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    pairs: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, kept: NDArray[np.generic]) -> Cells:
        """A part of the cells."""
        return Cells(self.rows[kept], self.columns[kept], self.pairs[kept])


def view(history: CustomerHistory, sources: Sources) -> View:
    """Look at customers through all sources."""
    own = own_purchases(history.dated(), history.shape[1])
    scores = {name: part.score(history) for name, part in sources.parts.items()}
    usual = {name: np.stack([of.mean(axis=1), of.std(axis=1)]) for name, of in scores.items()}
    return View(history, own, scores, usual)


def again_candidates(seen: View, n: int) -> Cells:
    """Of what each customer bought, the n products they bought most of late."""
    own = seen.own
    strength = own.values[:, STRENGTH]
    order = np.lexsort((-strength, own.rows))
    firsts = np.searchsorted(own.rows, np.arange(len(seen.history)))
    kept = np.sort(order[np.arange(len(order)) - firsts[own.rows[order]] < n])
    return Cells(own.rows[kept], own.columns[kept], kept)


def first_candidates(seen: View, sources: Sources, n: int) -> Cells:
    """Of what each customer never bought, the n products that each part scores highest, and the n that sell best."""
    own, n_products = seen.own, seen.history.shape[1]
    found = []
    for scores in seen.scores.values():
        left = np.array(scores)
        left[own.rows, own.columns] = -np.inf
        best = np.argpartition(-left, min(n, n_products) - 1, axis=1)[:, :n]
        rows, places = np.nonzero(np.isfinite(np.take_along_axis(left, best, axis=1)))
        found.append(rows * n_products + best[rows, places])
    for signal in (FRESH_NOW, SOLD_NOW):
        best = np.argsort(-sources.products[:, signal], kind="stable")[:n]
        found.append((np.arange(len(seen.history))[:, None] * n_products + best).ravel())
    pairs = np.unique(np.concatenate(found))
    bought = own.rows * n_products + own.columns
    pairs = pairs[~np.isin(pairs, bought, assume_unique=True)]
    return Cells(pairs // n_products, pairs % n_products, np.full(len(pairs), -1, dtype=np.int64))


def cells_of(seen: View, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Cells:
    """These pairs, whether or not they would be candidates."""
    own, n_products = seen.own, seen.history.shape[1]
    bought, wanted = own.rows * n_products + own.columns, rows * n_products + columns
    if not len(bought):
        return Cells(rows, columns, np.full(len(rows), -1, dtype=np.int64))
    at = np.minimum(np.searchsorted(bought, wanted), len(bought) - 1)
    return Cells(rows, columns, np.where(bought[at] == wanted, at, -1))


def names(sources: Sources, *, again: bool) -> list[str]:
    """What the columns of ``signals`` are."""
    of_parts = [f"{name}_{what}" for name in sources.parts for what in ("score", "standing")]
    of_groups = [
        f"group_{kind}_{what}"
        for kind in range(len(sources.groups))
        for what in ("bought", *(f"decay_{days:g}" for days in AFFINITY_HALF_LIVES_DAYS))
    ]
    shares = [f"group_{kind}_own_share" for kind in range(len(sources.groups))]
    found = [*CUSTOMER_NAMES, *PRODUCT_NAMES, *of_parts, *of_groups]
    return [*found, *OWN_NAMES, *shares] if again else found


def signals(seen: View, cells: Cells, sources: Sources, *, again: bool) -> NDArray[np.float32]:
    """Signals of the cells.

    Parameters
    ----------
    seen : View
    cells : Cells
    sources : Sources
    again : bool
        Whether the cells are of products that the customer has bought.

    Returns
    -------
    ndarray of float32, shape (n_cells, n_signals)
        Finite, as ``names`` lists them.
    """
    rows, columns = cells.rows, cells.columns
    table = [seen.own.customers[rows], sources.products[columns]]
    for name, scores in seen.scores.items():
        raw, (mean, spread) = scores[rows, columns], seen.usual[name]
        table += [raw, (raw - mean[rows]) / np.maximum(spread[rows], np.float32(1e-12))]
    in_groups = [_in_group(seen, cells, codes) for codes in sources.groups]
    table += in_groups
    if again:
        own = seen.own.values[cells.pairs]
        table.append(own)
        table += [(own[:, LINES] / np.maximum(bought[:, 0], 1.0)).astype(np.float32) for bought in in_groups]
    return np.column_stack(table).astype(np.float32)


def _in_group(seen: View, cells: Cells, codes: NDArray[np.int32]) -> NDArray[np.float32]:
    """What the customer bought in the product's group: times ever, and decayed."""
    own, n_groups = seen.own, int(codes.max()) + 1
    at = own.rows * n_groups + codes[own.columns]
    wanted = cells.rows * n_groups + codes[cells.columns]
    size = len(seen.history) * n_groups
    of_pairs = [own.values[:, LINES]]
    of_pairs += [own.values[:, OWN_NAMES.index(f"decay_{days:g}")] for days in AFFINITY_HALF_LIVES_DAYS]
    totals = [np.bincount(at, weights=values, minlength=size)[wanted] for values in of_pairs]
    found = np.column_stack(totals).astype(np.float32)
    found[codes[cells.columns] == 0] = 0.0
    return found
