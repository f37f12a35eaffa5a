"""How near an offer is to a customer's taste: both as directions in a small space of what is bought together."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from campaigns.engine.frames import FloatArray, IntArray

N_DIRECTIONS = 48
# The same whoever asks: chance only speeds the decomposition up.
SEED = 0


@dataclass(frozen=True)
class Bought:
    """How often customers bought of each category, one row a customer and category.

    Attributes
    ----------
    customer_rows : ndarray of int64, shape (n_rows,)
        Position of the customer, 0 to `n_customers` - 1.
    category_ids : ndarray of int64, shape (n_rows,)
    times : ndarray of float64, shape (n_rows,)
    n_customers : int
    """

    customer_rows: IntArray
    category_ids: IntArray
    times: FloatArray
    n_customers: int


@dataclass(frozen=True)
class TasteSpace:
    """Categories as directions.

    Attributes
    ----------
    category_ids : ndarray of int64, shape (n_categories,)
        Rising.
    rarity : ndarray of float64, shape (n_categories,)
        Weight of each: what everybody buys says little of a taste.
    directions : ndarray of float64, shape (n_categories, n_directions)
    """

    category_ids: IntArray
    rarity: FloatArray
    directions: FloatArray

    def likeness(self, bought: Bought, promoted: Bought) -> FloatArray:
        """Cosine between what customers bought and what is promoted, shape (n_customers,).

        0 where they have nothing to do with each other, where it is below, and where either is not known.

        Parameters
        ----------
        bought : Bought
        promoted : Bought
            The products on offer, as if one customer had bought each of them once.
        """
        customers, offer = self._places(bought), self._places(promoted)
        lengths = np.linalg.norm(customers, axis=1) * np.linalg.norm(offer)
        cosine = np.divide(customers @ offer[0], lengths, out=np.zeros(len(customers)), where=lengths > 0)
        return np.asarray(np.clip(cosine, 0.0, 1.0))

    def _places(self, bought: Bought) -> FloatArray:
        return np.asarray(_weighed(bought, self.category_ids, self.rarity) @ self.directions)


def fit_tastes(bought: Bought, n_directions: int = N_DIRECTIONS) -> TasteSpace:
    """Learn the space from what customers bought.

    Notes
    -----
    Truncated singular vectors of log counts weighed by rarity, customers at length one (Deerwester et al. 1990).
    """
    category_ids, customers_of = np.unique(bought.category_ids, return_counts=True)
    rarity = np.log1p(bought.n_customers / np.maximum(customers_of, 1))
    weighed = _weighed(bought, category_ids, rarity)
    n_directions = min(n_directions, min(weighed.shape) - 1)
    if n_directions < 1:
        return TasteSpace(category_ids, rarity, np.zeros((len(category_ids), 1)))
    _, _, turned = randomized_svd(weighed, n_components=n_directions, random_state=SEED)
    return TasteSpace(category_ids, rarity, np.ascontiguousarray(turned.T))


def _weighed(bought: Bought, category_ids: IntArray, rarity: FloatArray) -> sparse.csr_matrix:
    """Customers at length one over the categories that are known, shape (n_customers, n_categories)."""
    known = np.isin(bought.category_ids, category_ids)
    columns = np.searchsorted(category_ids, bought.category_ids[known])
    rows, values = bought.customer_rows[known], np.log1p(bought.times[known]) * rarity[columns]
    lengths = np.sqrt(np.bincount(rows, weights=values**2, minlength=bought.n_customers))
    shape = (bought.n_customers, len(category_ids))
    return sparse.csr_matrix((values / lengths[rows], (rows, columns)), shape=shape)
