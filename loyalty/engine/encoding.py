"""Features made ready for a model: gaps filled and flagged, words one-hot, numbers scaled, by training rows only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.features import FeatureFrame

Matrix = NDArray[np.float64]
Rows = NDArray[np.bool_]
ScalingName = Literal["standard", "min_max"]
MOST_LEVELS = 20
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Scaling:
    """`(x - center) / spread`, a column at a time.

    Attributes
    ----------
    name : {"standard", "min_max"}
        Standard: mean 0 and deviation 1 over the training rows. Min–max: 0 to 1 over them; later rows may lie outside.
    centers, spreads : tuple of float
        One a column; the spread of a column that never varied is 1.
    """

    name: ScalingName
    centers: tuple[float, ...]
    spreads: tuple[float, ...]

    @classmethod
    def fit(cls, values: Matrix, name: ScalingName = "standard") -> Scaling:
        """Learn from training rows, shape (n, n_columns), none missing."""
        if name == "standard":
            centers, spreads = values.mean(axis=0), values.std(axis=0)
        else:
            centers, spreads = values.min(axis=0), np.ptp(values, axis=0)
        # What is left of a constant after rounding is no spread.
        spreads = np.where(spreads > 1e-12 * np.maximum(np.abs(centers), 1), spreads, 1.0)
        return cls(name, tuple(centers.tolist()), tuple(spreads.tolist()))

    def transform(self, values: Matrix) -> Matrix:
        """Same shape as `values`."""
        scaled: Matrix = (values - np.array(self.centers)) / np.array(self.spreads)
        return scaled


@dataclass(frozen=True)
class Imputation:
    """The training rows' median where a number is missing, and a flag a column that had gaps.

    Attributes
    ----------
    fills : tuple of float
        One a column; 0 for a column with no number at all.
    has_gaps : tuple of bool
        Whether training rows had gaps: these columns get a flag.
    """

    fills: tuple[float, ...]
    has_gaps: tuple[bool, ...]

    @classmethod
    def fit(cls, values: Matrix) -> Imputation:
        """Learn from training rows, shape (n, n_columns), NaN where missing."""
        fills = [float(np.median(known)) if len(known := one[~np.isnan(one)]) else 0.0 for one in values.T]
        return cls(tuple(fills), tuple(bool(np.isnan(one).any()) for one in values.T))

    def transform(self, values: Matrix) -> tuple[Matrix, Matrix]:
        """Filled values, and 1 or 0 for each flagged column."""
        missing = np.isnan(values)
        return np.where(missing, np.array(self.fills), values), missing[:, np.array(self.has_gaps, bool)].astype(float)


@dataclass(frozen=True)
class OneHot:
    """A column a word that training rows knew, and a last one for everything else.

    Attributes
    ----------
    levels : tuple of str
        The most frequent first; at most 20.
    """

    levels: tuple[str, ...]

    @classmethod
    def fit(cls, words: Sequence[str]) -> OneHot:
        """Learn from training rows; an empty word is not a level."""
        counted = sorted(Counter(word for word in words if word).items(), key=lambda one: (-one[1], one[0]))
        return cls(tuple(word for word, _ in counted[:MOST_LEVELS]))

    def transform(self, words: Sequence[str]) -> Matrix:
        """Shape (n, n_levels + 1), one 1 in each row."""
        place = {level: number for number, level in enumerate(self.levels)}
        columns = [place.get(word, len(self.levels)) for word in words]
        return np.eye(len(self.levels) + 1)[columns] if columns else np.empty((0, len(self.levels) + 1))


@dataclass(frozen=True)
class Encoding:
    """From a feature frame to a matrix, the same for the rows it was learned from and for those that come later.

    Attributes
    ----------
    numbers, words : tuple of str
        Names of the features of numbers and of those of words.
    imputation : Imputation
    scaling : Scaling
    one_hots : tuple of OneHot
        One a feature of words.
    """

    numbers: tuple[str, ...]
    words: tuple[str, ...]
    imputation: Imputation
    scaling: Scaling
    one_hots: tuple[OneHot, ...]

    @classmethod
    def fit(cls, frame: FeatureFrame, training: Rows, scaling: ScalingName = "standard") -> Encoding:
        """Learn from the rows where `training`, shape (n,), is true; the others have no part in it."""
        numbers = tuple(one.name for one in frame.features if one.kind != "category")
        words = tuple(one.name for one in frame.features if one.kind == "category")
        values = _values(frame, numbers)[training]
        imputation = Imputation.fit(values)
        rows = np.flatnonzero(training)
        known = [[found[row] for row in rows] for found in map(frame.words, words)]
        return cls(
            numbers=numbers,
            words=words,
            imputation=imputation,
            scaling=Scaling.fit(imputation.transform(values)[0], scaling),
            one_hots=tuple(OneHot.fit(found) for found in known),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the matrix's columns."""
        flagged = zip(self.numbers, self.imputation.has_gaps, strict=True)
        levels = zip(self.words, self.one_hots, strict=True)
        return (
            *self.numbers,
            *(f"{name} missing" for name, has_gaps in flagged if has_gaps),
            *(f"{name} = {level}" for name, one in levels for level in (*one.levels, UNKNOWN)),
        )

    def transform(self, frame: FeatureFrame) -> Matrix:
        """Shape (n, len(names)), nothing missing.

        Raises
        ------
        KeyError
            When the frame lacks a feature.
        """
        filled, flags = self.imputation.transform(_values(frame, self.numbers))
        words = [one.transform(frame.words(name)) for name, one in zip(self.words, self.one_hots, strict=True)]
        return np.hstack([self.scaling.transform(filled), flags, *words])

    def to_json(self) -> str:
        """All that was learned, as text; floats come back to the bit."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Encoding:
        """What `to_json` wrote."""
        told: dict[str, Any] = json.loads(text)
        return cls(
            numbers=tuple(told["numbers"]),
            words=tuple(told["words"]),
            imputation=Imputation(**{name: tuple(values) for name, values in told["imputation"].items()}),
            scaling=Scaling(
                told["scaling"]["name"], tuple(told["scaling"]["centers"]), tuple(told["scaling"]["spreads"])
            ),
            one_hots=tuple(OneHot(tuple(one["levels"])) for one in told["one_hots"]),
        )


def _values(frame: FeatureFrame, names: Sequence[str]) -> Matrix:
    return np.column_stack([frame.numbers(name) for name in names]) if names else np.empty((len(frame), 0))
