"""Facts about products or customers, a row each: names of groups, numbers and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recommender.engine.ids import IdMap

TEXT = "text"


@dataclass(frozen=True)
class Attributes:
    """Facts of n rows.

    Attributes
    ----------
    n : int
    labels : mapping of str to ndarray of str, shape (n,)
        The group a row belongs to, by kind of group; ``""`` where unknown.
    numbers : mapping of str to ndarray of float32, shape (n,)
        ``NaN`` where unknown.
    texts : ndarray of str, shape (n,), optional
        Name and description in people's words.
    """

    n: int
    labels: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    numbers: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    texts: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return self.n

    @classmethod
    def from_frame(cls, frame: pa.Table, key: str, ids: IdMap) -> Attributes:
        """The facts of these keys, in the order of ``ids``; a key that the frame lacks has none.

        Parameters
        ----------
        frame : pyarrow.Table
            ``key`` (int64, unique); every other column is a label where it is text, ``text`` being the words,
            and a number where it is numeric.
        key : str
        ids : IdMap
        """
        places = ids.rows_of(frame[key].to_numpy())
        known = places >= 0
        labels, numbers = {}, {}
        for name in frame.column_names:
            if name == key:
                continue
            column = frame[name]
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                labels[name] = _labels(column, places, known, len(ids))
            else:
                numbers[name] = _numbers(column, places, known, len(ids))
        texts = labels.pop(TEXT, None)
        return cls(len(ids), labels, numbers, texts)

    def rows(self, picked: NDArray[np.int64]) -> Attributes:
        """The facts of a choice of rows, in the order of ``picked``."""
        return Attributes(
            len(picked),
            {name: values[picked] for name, values in self.labels.items()},
            {name: values[picked] for name, values in self.numbers.items()},
            None if self.texts is None else self.texts[picked],
        )


def _labels(column: pa.ChunkedArray, places: NDArray[np.int64], known: NDArray[np.bool_], n: int) -> NDArray[np.str_]:
    values = pc.fill_null(column, "").to_numpy(zero_copy_only=False).astype(str)
    aligned = np.full(n, "", dtype=values.dtype if len(values) else "U1")
    aligned[places[known]] = values[known]
    return aligned


def _numbers(
    column: pa.ChunkedArray, places: NDArray[np.int64], known: NDArray[np.bool_], n: int
) -> NDArray[np.float32]:
    values = pc.cast(column, pa.float32()).to_numpy()
    aligned = np.full(n, np.nan, dtype=np.float32)
    aligned[places[known]] = values[known]
    return aligned
