"""Draw a pilot: a small part of an audience that is like all of it, everybody with the same chance to be in it."""

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray

# People of so similar chances are mixed before every so-maniest is taken: enough groups to be even, few enough to mix.
N_STRATA = 20


def draw_evenly(chances: FloatArray, n: int, rng: np.random.Generator) -> IntArray:
    """Draw `n` rows at random, as many of the likely as of the unlikely as there are of them.

    Parameters
    ----------
    chances : ndarray of float64, shape (n_customers,)
        How likely each takes the offer.
    n : int
        From 1 to `n_customers`.
    rng : Generator

    Returns
    -------
    ndarray of int64, shape (n,)
        Rows, rising, none twice.

    Raises
    ------
    ValueError
        When `n` is out of range.

    Notes
    -----
    Systematic sampling of people sorted by group of similar chance and at random within each: everybody is drawn with
    chance n / n_customers, and the pilot's mean chance is nearly that of the audience (Cochran 1977, chapter 8).
    """
    n_customers = len(chances)
    if not 1 <= n <= n_customers:
        raise ValueError("a pilot is of at least one and at most all customers")
    place = np.empty(n_customers, dtype=np.int64)
    place[np.argsort(chances, kind="stable")] = np.arange(n_customers)
    strata = place * N_STRATA // n_customers
    mixed = np.lexsort((rng.random(n_customers), strata))
    every = n_customers / n
    picked = np.floor(every * (np.arange(n) + rng.random())).astype(np.int64)
    # Rounding may carry the last one over the end.
    return np.sort(mixed[np.minimum(picked, n_customers - 1)]).astype(np.int64)
