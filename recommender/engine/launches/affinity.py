"""What a customer bought before of what a product is: the same type, the same maker, the same price, itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.encoding import Encoding, indicators, with_pairs
from recommender.engine.history import CustomerHistory, PurchaseLog

HALF_LIFE_DAYS = 90.0
RECENT_DAYS = 28.0
# Since the last visit of somebody who never came.
NEVER_DAYS = 365.0
# The kind of fact that no two products share.
ITSELF = "itself"

# Dense columns at once: of a few launches all kinds, of a whole catalogue one at a time.
MOST_COLUMNS = 2_048

Codes = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Affinity:
    """Counts of a customer's purchases that share a value with a product, by kind of fact.

    Attributes
    ----------
    encoding : Encoding
        Kinds and values that are told apart.
    codes : dict of str to ndarray of int64, shape (n_products,)
        Value of every product of the histories' catalogue, by kind; ``-1`` where unknown.
    """

    encoding: Encoding
    codes: Codes

    @classmethod
    def of(cls, encoding: Encoding, facts: Attributes) -> Affinity:
        """For histories whose products have these facts."""
        return cls(encoding, codes_of(encoding, facts, np.arange(len(facts), dtype=np.int64)))

    def n_values(self, kind: str) -> int:
        """How many values of a kind there are."""
        return len(self.codes[ITSELF]) if kind == ITSELF else self.encoding.n_columns(kind)

    @property
    def names(self) -> tuple[str, ...]:
        """What the parts of ``parts`` mean, in their order."""
        of_kind = (f"{kind}: {measure}" for kind in self.codes for measure in ("aged", "products"))
        return ("products", "visits", "recent visits", "last seen", *of_kind)

    def parts(self, history: CustomerHistory, wanted: Codes) -> Iterator[NDArray[np.float32]]:
        """One feature at a time, for every customer and wanted product.

        Parameters
        ----------
        history : CustomerHistory, shape (n_customers, n_products)
        wanted : dict of str to ndarray of int64, shape (n_wanted,)
            Values of the products to be scored, by kind, as ``codes_of`` gives them.

        Yields
        ------
        ndarray of float32, shape (n_customers, n_wanted)
            Or (n_customers, 1) where it is the same for every product.
        """
        yield from (column[:, None] for column in activity(history.dated(), history.shape[1]))
        for aged, once, places in self.tables(history, wanted):
            yield aged[:, places]
            yield once[:, places]

    def tables(
        self, history: CustomerHistory, wanted: Codes
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]]:
        """By kind: log1p of aged purchases and of different products, a column a value; and the wanted's columns."""
        aged = history.dated().matrix(history.shape[1], half_life_days=HALF_LIFE_DAYS)
        once = aged.copy()
        once.data[:] = 1.0
        found = [self._wanted(kind, wanted) for kind in self.codes]
        for group in _together([here.shape[1] for here, _ in found]):
            # One product for many kinds: each walks through every purchase.
            here = sparse.hstack([found[number][0] for number in group], format="csr")
            of_aged, of_once = np.log1p((aged @ here).toarray()), np.log1p((once @ here).toarray())
            ends = np.cumsum([0, *(found[number][0].shape[1] for number in group)])
            for number, (start, end) in zip(group, pairwise(ends.tolist()), strict=True):
                yield of_aged[:, start:end], of_once[:, start:end], found[number][1]

    def _wanted(self, kind: str, wanted: Codes) -> tuple[sparse.csr_matrix, NDArray[np.int64]]:
        """Which product has which wanted value, and the column of each wanted product."""
        values, places = np.unique(wanted[kind], return_inverse=True)
        # Only the wanted values become columns: of a launch's kinds there are few, of the catalogue's many.
        column_of = np.full(self.n_values(kind) + 1, -1, dtype=np.int64)
        column_of[values] = np.where(values >= 0, np.arange(len(values)), -1)
        return indicators(column_of[self.codes[kind]], len(values)), places


def _together(sizes: list[int]) -> Iterator[list[int]]:
    """Neighbours, as many as have so many columns together; a larger one by itself."""
    group: list[int] = []
    for number, size in enumerate(sizes):
        if group and sum(sizes[other] for other in group) + size > MOST_COLUMNS:
            yield group
            group = []
        group.append(number)
    if group:
        yield group


def codes_of(encoding: Encoding, facts: Attributes, product_rows: NDArray[np.int64] | None = None) -> Codes:
    """The value of every row, by kind.

    Parameters
    ----------
    encoding : Encoding
        Its pairs of kinds are made here.
    facts : Attributes
    product_rows : ndarray of int64, shape (n,), optional
        Where they stand in the catalogue; products that were never there have no purchases of their own.
    """
    described = with_pairs(facts, encoding.kinds)
    codes = {kind: encoding.codes(described, kind) for kind in encoding.kinds}
    codes[ITSELF] = np.full(len(facts), -1, dtype=np.int64) if product_rows is None else product_rows
    return codes


def activity(log: PurchaseLog, n_products: int) -> list[NDArray[np.float32]]:
    """How much customers buy at all.

    Returns
    -------
    list of ndarray of float32, shape (n_customers,)
        log1p of: different products, visits, visits weighted by how recent they are, days since the last one.
    """
    distinct = np.diff(log.matrix(n_products).indptr)
    customers, days = log.customer_rows, np.floor(log.age_days)
    # Lines stand in order of time: a visit begins where customer or day changes.
    begins = np.diff(customers, prepend=-1).astype(bool) | np.diff(days, prepend=-1).astype(bool)
    came, ago = customers[begins], days[begins]
    visits = np.bincount(came, minlength=len(log))
    recent = np.bincount(came, np.exp2(-ago / RECENT_DAYS), minlength=len(log))
    bought = visits > 0
    last = np.full(len(log), NEVER_DAYS)
    last[bought] = days[log.starts[1:][bought] - 1]
    columns = (distinct, visits, recent, last)
    return [np.log1p(column).astype(np.float32) for column in columns]
