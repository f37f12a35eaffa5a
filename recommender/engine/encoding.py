"""Labels, numbers and words as the columns of one sparse matrix, the same for what was seen and what is new."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes

WORD = re.compile(r"[^\W_]{2,}")
N_BANDS = 5
# A word or a value that one row has alone says nothing about any other.
MIN_ROWS = 2
CROSS = " × "
MOST_PAIRED = 6


@dataclass(frozen=True)
class Encoding:
    """Which column stands for what.

    Attributes
    ----------
    values : mapping of str to tuple of str
        Known values by kind of label, sorted; each is a column.
    borders : mapping of str to tuple of float
        Inner borders of the bands of each number; n borders make n + 1 columns.
    words : tuple of str
        Known words, sorted; each is a column.
    idf : tuple of float
        Of every word: the rarer the larger.
    """

    values: Mapping[str, tuple[str, ...]]
    borders: Mapping[str, tuple[float, ...]]
    words: tuple[str, ...] = ()
    idf: tuple[float, ...] = ()

    @classmethod
    def of(cls, facts: Attributes, *, min_rows: int = MIN_ROWS) -> Self:
        """The columns of everything that at least ``min_rows`` rows have."""
        # By name, as a file keeps them: in another order what was learnt of one column would be read as another's.
        values = {kind: _common(labels[labels != ""], min_rows) for kind, labels in sorted(facts.labels.items())}
        borders = {name: _borders(numbers) for name, numbers in sorted(facts.numbers.items())}
        words, idf = _vocabulary(facts.texts, min_rows)
        return cls(values, borders, words, idf)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of label, then numbers; a row has at most one column of each."""
        return (*self.values, *self.borders)

    def n_columns(self, kind: str) -> int:
        """How many columns a kind has."""
        return len(self.values[kind]) if kind in self.values else len(self.borders[kind]) + 1

    def codes(self, facts: Attributes, kind: str) -> NDArray[np.int64]:
        """Column within the kind of every row, shape (n,), ``-1`` where unknown."""
        if kind in self.values:
            return _positions(self.values[kind], facts.labels.get(kind), len(facts))
        numbers = facts.numbers.get(kind)
        if numbers is None:
            return np.full(len(facts), -1, dtype=np.int64)
        bands = np.searchsorted(np.asarray(self.borders[kind]), numbers, side="right")
        return np.where(np.isnan(numbers), -1, bands).astype(np.int64)

    def matrix(self, facts: Attributes) -> sparse.csr_matrix:
        """All columns side by side: 1 for a label or band, TF-IDF of length 1 for the words.

        Returns
        -------
        csr_matrix of float32, shape (n, n_columns of all kinds + n_words)
        """
        blocks = [indicators(self.codes(facts, kind), self.n_columns(kind)) for kind in self.kinds]
        blocks.append(self._tf_idf(facts))
        return sparse.hstack(blocks, format="csr", dtype=np.float32)

    def to_params(self) -> dict[str, Any]:
        """The same in lists and dictionaries, for JSON."""
        return {
            "values": {kind: list(known) for kind, known in self.values.items()},
            "borders": {name: list(inner) for name, inner in self.borders.items()},
            "words": list(self.words),
            "idf": list(self.idf),
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """What ``to_params`` was made of."""
        values = {kind: tuple(known) for kind, known in params["values"].items()}
        borders = {name: tuple(inner) for name, inner in params["borders"].items()}
        return cls(values, borders, tuple(params["words"]), tuple(params["idf"]))

    def _tf_idf(self, facts: Attributes) -> sparse.csr_matrix:
        shape = (len(facts), len(self.words))
        if facts.texts is None or not self.words:
            return sparse.csr_matrix(shape, dtype=np.float32)
        places = {word: number for number, word in enumerate(self.words)}
        rows, columns = [], []
        for row, text in enumerate(facts.texts):
            known = [places[word] for word in _words(text) if word in places]
            rows += [row] * len(known)
            columns += known
        counts = sparse.coo_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape).tocsr()
        return unit_rows(counts @ sparse.diags_array(np.asarray(self.idf, dtype=np.float32)))


def indicators(codes: NDArray[np.int64], n: int) -> sparse.csr_matrix:
    """1 in column ``codes[i]`` of row i, nothing where it is ``-1``; csr_matrix of float32, shape (len(codes), n)."""
    known = np.flatnonzero(codes >= 0)
    cells = (np.ones(len(known), dtype=np.float32), (known, codes[known]))
    return sparse.coo_matrix(cells, shape=(len(codes), n), dtype=np.float32).tocsr()


def unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Every row scaled to length 1; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float32).ravel())
    scale = sparse.diags_array(1.0 / np.maximum(lengths, 1e-12), dtype=np.float32)
    return sparse.csr_matrix(scale @ matrix)


def crossed(facts: Attributes) -> Attributes:
    """The labels, and every pair of kinds as one more: a maker within a category says more than both alone.

    Of many kinds those pair that are known of most rows; a pair that tells nothing apart that one of its two did not is
    left out.
    """
    labels = {kind: values for kind, values in facts.labels.items() if (values != "").any()}
    filled = sorted(labels, key=lambda kind: -int((labels[kind] != "").sum()))[:MOST_PAIRED]
    groups = {kind: _n_groups(values) for kind, values in labels.items()}
    pairs = {}
    for one, other in combinations([kind for kind in labels if kind in filled], 2):
        both = _joined(labels[one], labels[other])
        if _n_groups(both) > max(groups[one], groups[other]):
            pairs[one + CROSS + other] = both
    return Attributes(facts.n, {**labels, **pairs}, facts.numbers, facts.texts)


def with_pairs(facts: Attributes, kinds: tuple[str, ...]) -> Attributes:
    """The labels and those pairs of kinds that ``kinds`` names, as ``crossed`` had made them of other rows."""
    empty = np.full(facts.n, "")
    labels = dict(facts.labels)
    for kind in kinds:
        if CROSS in kind:
            one, other = kind.split(CROSS)
            labels[kind] = _joined(facts.labels.get(one, empty), facts.labels.get(other, empty))
    return Attributes(facts.n, labels, facts.numbers, facts.texts)


def _n_groups(values: NDArray[np.str_]) -> int:
    return len(np.unique(values[values != ""]))


def _joined(one: NDArray[np.str_], other: NDArray[np.str_]) -> NDArray[np.str_]:
    both = np.strings.add(np.strings.add(one, CROSS), other)
    return np.where((one != "") & (other != ""), both, "")


def _common(labels: NDArray[np.str_], min_rows: int) -> tuple[str, ...]:
    values, counts = np.unique(labels, return_counts=True)
    return tuple(values[counts >= min_rows].tolist())


def _borders(numbers: NDArray[np.float32]) -> tuple[float, ...]:
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return ()
    inner = np.quantile(known, np.arange(1, N_BANDS) / N_BANDS)
    return tuple(float(border) for border in np.unique(inner))


def _positions(known: tuple[str, ...], labels: NDArray[np.str_] | None, n: int) -> NDArray[np.int64]:
    if labels is None or not known:
        return np.full(n, -1, dtype=np.int64)
    values = np.asarray(known)
    places = np.minimum(np.searchsorted(values, labels), len(values) - 1)
    return np.where(values[places] == labels, places, -1).astype(np.int64)


def _vocabulary(texts: NDArray[np.str_] | None, min_rows: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    if texts is None:
        return (), ()
    rows_of = Counter(word for text in texts for word in set(_words(text)))
    words = sorted(word for word, n in rows_of.items() if n >= min_rows)
    idf = (1.0 + float(np.log((1 + len(texts)) / (1 + rows_of[word]))) for word in words)
    return tuple(words), tuple(idf)


def _words(text: str) -> Iterator[str]:
    return (found.group().casefold() for found in WORD.finditer(text))
