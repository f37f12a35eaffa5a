"""The direct way from a product bought to another one: a layer without self-connections, solved in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

# Who buys a thousand products says less about any two of them than who buys ten.
CUSTOMER_POWER = 0.5
# A product that everybody buys goes with everything by chance, so it is held back more.
PRODUCT_POWER = 0.5


def solved_links(bought: sparse.csr_matrix, ridge: float, n_links: int) -> sparse.csr_matrix:
    """What a product in the history says for every other one.

    Parameters
    ----------
    bought : csr_matrix of float32, shape (n_customers, m)
        1 where the customer bought the product. Time grows with the cube of m, memory with its square.
    ridge : float
        Added to the diagonal of the Gram matrix for the most bought product; less for others, as
        ``PRODUCT_POWER`` says.
    n_links : int
        Links kept towards a product, the strongest ones.

    Returns
    -------
    csr_matrix of float32, shape (m, m)
        The diagonal is empty.

    References
    ----------
    Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019; Steck: Markov Random Fields for
    Collaborative Filtering, NeurIPS 2019 (sparse solutions). Weights of customers and of the ridge are ours.
    """
    inverse = _inverse(_gram(bought), ridge)
    weights = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return _strongest(weights, n_links)


def _gram(bought: sparse.csr_matrix) -> NDArray[np.float64]:
    sizes = np.maximum(np.diff(bought.indptr), 1)
    shares = sizes**-CUSTOMER_POWER
    # On average a purchase keeps its weight, so that a ridge means the same in a shop of large baskets.
    shares *= sizes.sum() / (shares * sizes).sum()
    weighted = sparse.diags_array(shares) @ bought.astype(np.float64)
    return np.asarray((bought.astype(np.float64).T @ weighted).toarray())


def _inverse(gram: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    degrees = np.diag(gram)
    most = max(float(degrees.max(initial=0.0)), 1e-9)
    gram[np.diag_indices_from(gram)] += ridge * np.maximum(degrees / most, 1.0 / most) ** PRODUCT_POWER
    # Half the work of a general inverse, for the matrix is symmetric and positive.
    factor, _ = linalg.lapack.dpotrf(gram, lower=1, overwrite_a=1)
    lower, _ = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T)


def _strongest(weights: NDArray[np.float32], n_links: int) -> sparse.csr_matrix:
    n = len(weights)
    if n_links < n:
        size = np.abs(weights)
        cut = np.partition(size, n - n_links, axis=0)[n - n_links]
        weights[size < cut] = 0.0
    return sparse.csr_matrix(weights)
