"""Columns that nobody has described: numbers where they are numbers, else one column for each of a few words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import chi2

from campaigns.engine.frames import BoolArray, FloatArray, IntArray

MOST_WORDS = 12
MOST_FEATURES = 100
# Of all columns together; what a campaign changed differs between the groups, what was there before does not.
UNLIKE_BELOW = 0.001


@dataclass(frozen=True)
class Described:
    """What was known of people before, as numbers. `left_out` tells in a sentence each what could not be used."""

    values: FloatArray
    names: tuple[str, ...]
    left_out: tuple[str, ...]


def texts(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Cells as people wrote them, without blanks around; empty where there is nothing."""
    found = column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
    return np.asarray(pc.fill_null(pc.utf8_trim_whitespace(found), "").to_numpy(zero_copy_only=False), dtype=object)


def numbers(column: pa.ChunkedArray, words: Mapping[str, float]) -> tuple[FloatArray, BoolArray]:
    """Cells as numbers, `words` meaning what they are told to, and whether each is one. 0 where it is none."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type) and "" not in words:
        values = np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)
        return np.nan_to_num(values), np.isfinite(values)
    cells = texts(column)
    found, places = np.unique(cells.astype(str), return_inverse=True)
    values = np.array([_number(cell, words) for cell in found])
    return np.nan_to_num(values)[places], np.isfinite(values)[places]


def _number(cell: str, words: Mapping[str, float]) -> float:
    known = words.get(cell.lower())
    if known is not None:
        return known
    try:
        return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)
    except ValueError:
        return float("nan")


def describe(columns: Mapping[str, pa.ChunkedArray], arm_rows: IntArray | None, *, n_rows: int) -> Described:
    """Make numbers of the columns, and leave out those that can be no ground for choosing people.

    With `arm_rows` a column whose mean differs between the arms is left out: it was changed by the campaign.
    """
    values: list[FloatArray] = []
    names: list[str] = []
    left_out: list[str] = []
    for name, column in columns.items():
        found = dict(_features(name, column))
        if not found:
            left_out.append(f"“{name}” is the same for everybody, or different for nearly everybody.")
        elif arm_rows is not None and not _is_alike(np.column_stack(list(found.values())), arm_rows, len(columns)):
            left_out.append(f"“{name}” differs between the groups, so it was not known before the campaign.")
        elif len(names) + len(found) > MOST_FEATURES:
            left_out.append(f"“{name}” would be more than {MOST_FEATURES} columns.")
        else:
            values.extend(found.values())
            names.extend(found)
    table = np.column_stack(values) if values else np.empty((n_rows, 0))
    return Described(np.asarray(table, dtype=np.float64), tuple(names), tuple(left_out))


def _features(name: str, column: pa.ChunkedArray) -> Iterator[tuple[str, FloatArray]]:
    cells = texts(column)
    values, is_number = numbers(column, {})
    if (is_number | (cells == "")).all() and is_number.any():
        yield from _number_features(name, values, is_number)
        return
    words, counts = np.unique(cells.astype(str), return_counts=True)
    if len(words) < 2 or (len(words) > MOST_WORDS and counts.max() < 0.01 * len(cells)):
        return
    often = words[np.argsort(-counts, kind="stable")][:MOST_WORDS]
    # Of two words one says it all.
    for word in often[:1] if len(words) == 2 else often:
        yield f"{name}: {word or 'not said'}", (cells == word).astype(np.float64)


def _number_features(name: str, values: FloatArray, is_number: BoolArray) -> Iterator[tuple[str, FloatArray]]:
    """A missing number is taken to be the middle one, and that it was missing is a fact of its own."""
    if np.ptp(values[is_number]) > 0:
        yield name, np.where(is_number, values, np.median(values[is_number]))
    if not is_number.all():
        yield f"{name}: not said", (~is_number).astype(np.float64)


def _is_alike(values: FloatArray, arm_rows: IntArray, n_columns: int) -> bool:
    """Whether the means of the groups differ no more than chance lets them (Kruskal-Wallis would need ranks)."""
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    sizes = np.bincount(arm_rows)
    means = np.stack([np.bincount(arm_rows, weights=column) / sizes for column in scaled.T])
    statistics = (sizes * means**2).sum(axis=1)
    bar = UNLIKE_BELOW / max(n_columns, 1) / scaled.shape[1]
    return bool((chi2.sf(statistics, len(sizes) - 1) >= bar).all())
