"""How much a feature tells about an outcome, and what one that tells nothing would have seemed to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
N_BINS = 8
N_SHUFFLES = 4000
N_RESAMPLES = 500
FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True)
class Information:
    """What a feature tells about a yes-or-no outcome.

    Attributes
    ----------
    bits : float
        Mutual information above what shuffled outcomes give by chance, never below 0; 1 bit would tell all.
    low, high : float
        95 % interval of it, by resampling customers.
    null_high : float
        What 95 of 100 shuffles stay below, counted as `bits` is.
    p_value : float
        Share of the shuffles that told as much.
    tells : bool
        It is above chance, with at most 5 % false ones among all that are said to be.
    """

    bits: float
    low: float
    high: float
    null_high: float
    p_value: float
    tells: bool = False


def binned(values: FloatArray, n_bins: int = N_BINS) -> IntArray:
    """Numbers into bins of about equal size, by their quantiles; missing ones have a bin of their own.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.arange(1, n_bins) / n_bins)) if len(known) else np.empty(0)
    bins: IntArray = np.searchsorted(edges, values, side="right").astype(np.int64)
    return np.where(np.isnan(values), len(edges) + 1, bins)


def coded(words: Sequence[str], n_levels: int = N_BINS) -> IntArray:
    """Words into numbers: the most frequent have one each, the others share the last."""
    levels = [word for word, _ in sorted(Counter(words).items(), key=lambda one: (-one[1], one[0]))[:n_levels]]
    place = {level: number for number, level in enumerate(levels)}
    return np.array([place.get(word, n_levels) for word in words], np.int64)


def information(
    columns: Mapping[str, IntArray], outcome: NDArray[np.bool_], *, rng: np.random.Generator
) -> dict[str, Information]:
    """What each column tells about the outcome.

    Shuffling the outcome leaves a table of bins with the same margins, so its tables are drawn directly
    (multivariate hypergeometric); resampling customers is a multinomial draw of the table's cells.

    Parameters
    ----------
    columns : mapping of str to ndarray of int64, shape (n,)
        Bins, 0 and up.
    outcome : ndarray of bool, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    dict
        By column name.

    References
    ----------
    Cover and Thomas: Elements of Information Theory, 2006. Benjamini and Hochberg: Controlling the false discovery
    rate, 1995.
    """
    found = {name: _one(_table(bins, outcome), rng) for name, bins in columns.items()}
    discovered = _discovered(np.array([one.p_value for one in found.values()]))
    return {
        name: Information(one.bits, one.low, one.high, one.null_high, one.p_value, bool(tells))
        for (name, one), tells in zip(found.items(), discovered, strict=True)
    }


def _table(bins: IntArray, outcome: NDArray[np.bool_]) -> IntArray:
    """Customers by bin and outcome, shape (n_bins, 2), empty bins left out."""
    size = int(bins.max()) + 1 if len(bins) else 1
    table = np.column_stack([np.bincount(bins[outcome == value], minlength=size) for value in (False, True)])
    return table[table.sum(axis=1) > 0].astype(np.int64)


def _one(table: IntArray, rng: np.random.Generator) -> Information:
    n, of_bins, n_yes = int(table.sum()), table.sum(axis=1), int(table[:, 1].sum())
    if len(table) < 2 or n_yes in (0, n):
        return Information(0.0, 0.0, 0.0, 0.0, 1.0)
    told = float(_bits(table[None])[0])
    yes = rng.multivariate_hypergeometric(of_bins, n_yes, size=N_SHUFFLES)
    shuffled = _bits(np.stack([of_bins - yes, yes], axis=2))
    resampled = _bits(rng.multinomial(n, table.ravel() / n, size=N_RESAMPLES).reshape(-1, *table.shape))
    by_chance = float(shuffled.mean())
    bits = max(told - by_chance, 0.0)
    # Resampling adds the bias of a finite sample once more: the interval is moved to stand around the estimate.
    low, high = np.quantile(resampled, [0.025, 0.975]) - resampled.mean() + (told - by_chance)
    p_value = (1 + int((shuffled >= told - 1e-12).sum())) / (N_SHUFFLES + 1)
    null_high = max(float(np.quantile(shuffled, 0.95)) - by_chance, 0.0)
    return Information(bits, max(float(low), 0.0), max(float(high), 0.0), null_high, p_value)


def _bits(tables: NDArray[np.int64]) -> FloatArray:
    """Mutual information of each table, shape (n_tables, n_bins, 2) to (n_tables,)."""
    p = tables / tables.sum(axis=(1, 2), keepdims=True)
    product = p.sum(axis=2, keepdims=True) * p.sum(axis=1, keepdims=True)
    ratio = np.divide(p, product, out=np.ones_like(p), where=(p > 0) & (product > 0))
    bits: FloatArray = (p * np.log2(ratio)).sum(axis=(1, 2))
    return bits


def _discovered(p_values: FloatArray) -> NDArray[np.bool_]:
    order = np.argsort(p_values, kind="stable")
    allowed = FALSE_DISCOVERIES * np.arange(1, len(order) + 1) / max(len(order), 1)
    below = np.flatnonzero(p_values[order] <= allowed)
    discovered = np.zeros(len(order), bool)
    discovered[order[: below[-1] + 1 if len(below) else 0]] = True
    return discovered
