"""What stands in for a missing number: the median of the nearest group that knows enough."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.groups import Floats, Integers, group_medians

# A median of fewer values moves too much to stand in for others.
MIN_KNOWN = 5


@dataclass(frozen=True)
class Imputed:
    """`row` of each value that was missing, the `value` that stands in for it, the `method` that gave it; `(n,)`."""

    row: Integers
    value: Floats
    method: NDArray[np.str_]


def impute(values: Floats, groups: Mapping[str, Integers], *, overall: str) -> Imputed:
    """Fill each missing value with the median of its first group that holds at least five known values.

    Parameters
    ----------
    values : (n,) float, NaN where missing
    groups : name of the method to the group of each row, `(n,)` int, -1 for none; the nearest group first
    overall : name of the method that takes the median of all known values

    Returns
    -------
    Imputed, empty when nothing is missing or fewer than five values are known at all.
    """
    missing = np.flatnonzero(np.isnan(values))
    filled = np.full(len(missing), np.nan)
    method = np.full(len(missing), "", dtype=object)
    for name, group in groups.items():
        usual = _usual(values, group)
        # One more, always unknown, for the rows without a group: -1 is the last.
        own = np.r_[usual, np.nan][group[missing]]
        takes = np.isnan(filled) & np.isfinite(own)
        filled[takes], method[takes] = own[takes], name
    known = values[~np.isnan(values)]
    if len(known) >= MIN_KNOWN:
        takes = np.isnan(filled)
        filled[takes], method[takes] = float(np.median(known)), overall
    is_filled = np.isfinite(filled)
    return Imputed(missing[is_filled], filled[is_filled], method[is_filled].astype(str))


def _usual(values: Floats, group: Integers) -> Floats:
    """The median of each group, NaN where it knows too little."""
    known = np.isfinite(values) & (group >= 0)
    n_groups = int(group.max(initial=-1)) + 1
    usual = group_medians(group[known], values[known], n_groups)
    usual[np.bincount(group[known], minlength=n_groups) < MIN_KNOWN] = np.nan
    return usual
