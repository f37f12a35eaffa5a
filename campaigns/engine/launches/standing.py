"""How well products of each kind sell at a moment: what tells the total of a launch before its first sale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaigns.engine.frames import FloatArray, IntArray
from recommender.engine.attributes import Attributes
from recommender.engine.encoding import Encoding, crossed
from recommender.engine.launches.affinity import Affinity, Codes, codes_of
from recommender.engine.launches.past import Launches

# As long as buyers of a launch are counted: both windows see the same share of slow buyers.
RECENT_DAYS = 56.0
# A kind of which few products sold is taken to be nearly as usual.
PRIOR_PRODUCTS = 2.0


@dataclass(frozen=True)
class Shelf:
    """The catalogue of a shop by kind of fact.

    Attributes
    ----------
    affinity : Affinity
    """

    affinity: Affinity

    @classmethod
    def of(cls, facts: Attributes) -> Shelf:
        """Every label, every telling pair of labels, and every number in bands."""
        return cls(Affinity.of(Encoding.of(crossed(facts)), facts))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of fact that products share, in the order of the columns of ``standings``."""
        return self.affinity.encoding.kinds

    def codes(self, facts: Attributes) -> Codes:
        """The values of products that were never sold, by kind."""
        return codes_of(self.affinity.encoding, facts, np.full(len(facts), -1, dtype=np.int64))

    def standings(self, buyers: IntArray, wanted: Codes) -> FloatArray:
        """Log of how many customers the products of each kind had, against all products.

        It looks at no total of the shop, only at shares of it: a shop that grows does not look like a better product.

        Parameters
        ----------
        buyers : ndarray of int64, shape (n_products,)
            Of every product of the catalogue, lately; products without are not on sale.
        wanted : dict of str to ndarray of int64, shape (n_wanted,)
            As ``codes`` gives them.

        Returns
        -------
        ndarray of float64, shape (n_wanted, n_kinds)
            0 where the value is unknown.
        """
        sold = buyers > 0
        usual = float(buyers[sold].mean()) if sold.any() else 1.0
        return np.stack([self._standing(kind, buyers, sold, usual)[wanted[kind]] for kind in self.kinds], axis=1)

    def _standing(self, kind: str, buyers: IntArray, sold: NDArray[np.bool_], usual: float) -> FloatArray:
        values, n = self.affinity.codes[kind], self.affinity.n_values(kind)
        known = sold & (values >= 0)
        totals = np.bincount(values[known], buyers[known], minlength=n) + PRIOR_PRODUCTS * usual
        counts = np.bincount(values[known], minlength=n) + PRIOR_PRODUCTS
        # The last place is for what is unknown, which is -1.
        return np.append(np.log(totals / (counts * usual)), 0.0)


def recent_buyers(found: Launches, day: int) -> IntArray:
    """Distinct customers of every product in the weeks before a day began, shape (n_products,) int64."""
    log, ago = found.log, float(found.n_days - day)
    window = log.lines((log.age_days > ago) & (log.age_days <= ago + RECENT_DAYS))
    matrix = window.matrix(len(found.data.products))
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)
