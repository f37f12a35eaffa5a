"""Medians and spreads of many groups at once: sorted, not looped over."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# The median absolute deviation of a normal distribution is its standard deviation divided by this.
MAD_TO_SD = 1.4826


def group_medians(group: Integers, values: Floats, n_groups: int) -> Floats:
    """Return the median of each group.

    Parameters
    ----------
    group : (n,) int, the row's group, 0 to `n_groups` - 1
    values : (n,) float, without NaN

    Returns
    -------
    (n_groups,) float, NaN for a group without rows

    Raises
    ------
    ValueError when the two have different lengths.
    """
    if len(group) != len(values):
        raise ValueError(f"{len(group)} groups for {len(values)} values.")
    medians = np.full(n_groups, np.nan)
    if not len(values):
        return medians
    ordered = values[np.lexsort((values, group))]
    sizes = np.bincount(group, minlength=n_groups)
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    is_filled = sizes > 0
    low = starts[is_filled] + (sizes[is_filled] - 1) // 2
    high = starts[is_filled] + sizes[is_filled] // 2
    medians[is_filled] = (ordered[low] + ordered[high]) / 2
    return medians


def group_counts(group: Integers, is_in: NDArray[np.bool_], n_groups: int) -> Integers:
    """Return how many rows of each group are in, `(n_groups,)`."""
    counted: Integers = np.bincount(group[is_in], minlength=n_groups).astype(np.int64)
    return counted


def group_modes(group: Integers, values: Floats, n_groups: int) -> Integers:
    """Return how often the most frequent value of each group occurs in it, `(n_groups,)`."""
    modes = np.zeros(n_groups, dtype=np.int64)
    if not len(values):
        return modes
    order = np.lexsort((values, group))
    ordered_group, ordered = group[order], values[order]
    is_new = np.r_[True, (ordered[1:] != ordered[:-1]) | (ordered_group[1:] != ordered_group[:-1])]
    starts = np.flatnonzero(is_new)
    np.maximum.at(modes, ordered_group[starts], np.diff(np.r_[starts, len(ordered)]))
    return modes


@dataclass(frozen=True)
class Spread:
    """Where each group's values lie and how far they scatter; both `(n_groups,)`, NaN where a group is empty.

    `scale` is the median absolute deviation in units of a standard deviation: one wild value moves neither.
    """

    centre: Floats
    scale: Floats


def group_spread(group: Integers, values: Floats, n_groups: int) -> Spread:
    """Return median and scaled median absolute deviation of each group (Hampel 1974)."""
    centre = group_medians(group, values, n_groups)
    scale = MAD_TO_SD * group_medians(group, np.abs(values - centre[group]), n_groups)
    return Spread(centre, scale)
