"""What lies at both ends of a direction in which products differ, so that people can call it by something."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# A shelf of few products is far out by chance: as many more, in the middle, are counted with each.
MORE_IN_THE_MIDDLE = 10


def ends(places: NDArray[np.float64], shelves: Sequence[str]) -> list[tuple[str, str]]:
    """The shelf at the high and at the low end of every direction.

    Parameters
    ----------
    places : ndarray of float64, shape (n_products, n_directions)
        0 is the middle of each direction.
    shelves : sequence of str
        Of every product; "" where it is not known, and then the product counts for nothing.

    Returns
    -------
    list of tuple of (str, str)
        One a direction; empty where there are no two shelves. A shelf that names one end names no other while there are
        enough of them: two directions of the same name would be taken for one, or for opposites.
    """
    names, rows = np.unique(np.array(shelves, dtype=object).astype(str), return_inverse=True)
    known = np.flatnonzero(names != "")
    if len(known) < 2:
        return []
    sums = np.zeros((len(names), places.shape[1]))
    np.add.at(sums, rows, places)
    counts = np.bincount(rows, minlength=len(names))[:, None]
    means = sums / (counts + MORE_IN_THE_MIDDLE)
    found, free = [], known
    for direction in range(places.shape[1]):
        free = free if len(free) > 1 else known
        high, low = free[means[free, direction].argmax()], free[means[free, direction].argmin()]
        free = np.setdiff1d(free, [high, low])
        found.append((str(names[high]), str(names[low])))
    return found
