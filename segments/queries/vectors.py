"""Vectors of customers that apps above know how to make: plain arrays, registered when Django starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from segments.engine.naming import FeatureWords

VECTOR_PREFIX = "vector:"
Ids = NDArray[np.int64]


class VectorsMissing(Exception):
    """Vectors were asked for that nobody has learnt, or that were learnt anew since."""


@dataclass(frozen=True)
class VectorSource:
    """Vectors under a name.

    `label` is what people read. `version` names what they were learnt by, "" while nothing is: two versions have
    nothing to do with each other. `n_columns` is their length, and `read` gives those of some customers as of a moment,
    shape (n, n_columns), NaN for who has none. `ends` names what lies at the high and at the low end of every column,
    where that is known.
    """

    name: str
    label: str
    n_columns: int
    version: Callable[[], str]
    read: Callable[[Ids, datetime], NDArray[np.float64]]
    ends: Callable[[], Sequence[tuple[str, str]]]


_REGISTERED: dict[str, VectorSource] = {}


def register_vectors(source: VectorSource) -> None:
    _REGISTERED[source.name] = source


def known_vectors() -> list[VectorSource]:
    """Those that are there to be used."""
    return [source for source in _REGISTERED.values() if source.version()]


def vector_sources(names: Sequence[str]) -> list[str]:
    """Column names of whole vectors: with their version, so that others are never taken for them."""
    return [
        f"{VECTOR_PREFIX}{name}:{_there(name).version()}:{column}"
        for name in names
        for column in range(_there(name).n_columns)
    ]


def vector_words(sources: Sequence[str]) -> tuple[FeatureWords, ...]:
    ends = {name: _there(name).ends() for name in dict.fromkeys(source.split(":")[1] for source in sources)}
    return tuple(_words(source, ends[source.split(":")[1]]) for source in sources)


def vector_columns(customer_ids: Ids, as_of: datetime, sources: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """The columns by their name. Raises VectorsMissing."""
    columns: dict[str, NDArray[np.float64]] = {}
    for name, version in dict.fromkeys(tuple(source.split(":")[1:3]) for source in sources):
        source = _there(name)
        if source.version() != version:
            raise VectorsMissing(f"{source.label} were learnt anew since: look for segments again.")
        values = source.read(customer_ids, as_of)
        columns |= {f"{VECTOR_PREFIX}{name}:{version}:{n}": values[:, n] for n in range(source.n_columns)}
    return {source: columns[source] for source in sources}


def _there(name: str) -> VectorSource:
    source = _REGISTERED.get(name)
    if source is None or not source.version():
        label = source.label if source else f"“{name}”"
        raise VectorsMissing(f"Features: {label} are not learnt yet. Leave them out, or train the models first.")
    return source


def _words(source: str, ends: Sequence[tuple[str, str]]) -> FeatureWords:
    _, name, _, column = source.split(":")
    place = int(column)
    if place < len(ends):
        high, low = ends[place]
        label = f"Taste for {high} over {low}"
        phrases = f"who like {high} more than {low}", f"who like {low} more than {high}"
    else:
        label = f"{_there(name).label}, direction {place + 1}"
        phrases = f"with more of taste {place + 1}", f"with less of taste {place + 1}"
    return FeatureWords(source, label, "suffix", *phrases, "none")
