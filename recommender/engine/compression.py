"""Smaller artefacts: numbers of fewer bits, or only the weights that matter, and what that costs in quality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recommender.engine.base import Artefact, Recommender
from recommender.engine.metrics import Estimate, bootstrap_mean, ndcg_at_k
from recommender.engine.splits import EvaluationSlice

How = Literal["float16", "int8", "pruned"]
Arrays = Mapping[str, NDArray[Any]]
Judge = Callable[[Artefact], NDArray[np.float64]]

# Between an array's name and the part of it: no array of an artefact has a name with it.
MARK = ":"
# Smaller arrays are left alone: they weigh nothing.
SMALLEST = 256
KEPT_SHARE = 0.3
LEVELS = 127


class LossTooHigh(Exception):
    """Compressed this way, the recommender may lose more quality than is tolerated; the message says how much.

    Attributes
    ----------
    loss : Estimate
    """

    def __init__(self, message: str, loss: Estimate) -> None:
        super().__init__(message)
        self.loss = loss


@dataclass(frozen=True)
class Compression:
    """A compressed artefact and what it costs.

    Attributes
    ----------
    artefact : Artefact
        To be saved; ``artefacts.load`` gives it back with plain arrays.
    how : str
    bytes_before, bytes_after : int
        Of the arrays.
    loss : Estimate
        Mean of what a customer loses, in the judge's metric, with its paired interval; below 0 it is a gain.
    """

    artefact: Artefact
    how: How
    bytes_before: int
    bytes_after: int
    loss: Estimate


def compressed(
    artefact: Artefact, how: How, *, tolerance: float, judge: Judge, rng: np.random.Generator
) -> Compression:
    """Make an artefact smaller, unless that surely or possibly costs too much.

    Parameters
    ----------
    artefact : Artefact
    how : {"float16", "int8", "pruned"}
        Half the bits; a quarter, with a scale a column; or only the ``KEPT_SHARE`` largest weights of every array.
    tolerance : float
        The most that the upper end of the loss's interval may be, in the judge's metric.
    judge : callable
        Gives a value a customer for an artefact, always of the same customers, as ``ndcg_judge`` does.
    rng : numpy.random.Generator
        For the interval.

    Raises
    ------
    LossTooHigh
    """
    small = replace(artefact, arrays=_packed(artefact.arrays, how))
    loss = bootstrap_mean(judge(artefact) - judge(restored(small)), rng)
    if loss.high > tolerance:
        raise LossTooHigh(
            f"As {how} the recommender loses {loss.mid:.4f} of its quality, by the interval up to {loss.high:.4f}; "
            f"{tolerance:.4f} is tolerated. Choose another way to compress it, or tolerate more.",
            loss,
        )
    return Compression(small, how, _size(artefact.arrays), _size(small.arrays), loss)


def ndcg_judge(served_by: type[Recommender], validation: EvaluationSlice, *, k: int) -> Judge:
    """NDCG (0–1) of every customer of a validation slice."""

    def judge(artefact: Artefact) -> NDArray[np.float64]:
        items, _ = served_by.from_artefact(artefact).recommend(validation.history, k, exclude_seen=False)
        return ndcg_at_k(items, validation.answers)

    return judge


def restored(artefact: Artefact) -> Artefact:
    """The artefact with plain arrays again, float32 where something was compressed; others pass as they are."""
    names = {name.partition(MARK)[0] for name in artefact.arrays}
    plain = {name: _restored(name, artefact.arrays) for name in sorted(names)}
    return replace(artefact, arrays=plain)


def _packed(arrays: Arrays, how: How) -> dict[str, NDArray[Any]]:
    packed: dict[str, NDArray[Any]] = {}
    for name, values in arrays.items():
        if values.dtype == np.float32 and values.size >= SMALLEST:
            packed |= {f"{name}{MARK}{part}": array for part, array in PACKERS[how](values)}
        else:
            packed[name] = values
    return packed


def _float16(values: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[Any]]]:
    # Past what float16 can hold a weight would be infinite.
    largest = np.finfo(np.float16).max
    yield "float16", np.clip(values, -largest, largest).astype(np.float16)


def _int8(values: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[Any]]]:
    scale = np.abs(values).max(axis=0, keepdims=True) / np.float32(LEVELS)
    scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
    yield "int8", np.rint(values / scale).astype(np.int8)
    yield "scale", scale


def _pruned(values: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[Any]]]:
    size = np.abs(values).ravel()
    n_kept = max(int(KEPT_SHARE * size.size), 1)
    kept = np.zeros(size.size, dtype=np.bool_)
    kept[np.argpartition(size, -n_kept)[-n_kept:]] = True
    yield "kept", np.packbits(kept)
    yield "weights", values.ravel()[kept]
    yield "shape", np.array(values.shape, dtype=np.int64)


PACKERS: Mapping[How, Callable[[NDArray[np.float32]], Iterator[tuple[str, NDArray[Any]]]]] = {
    "float16": _float16,
    "int8": _int8,
    "pruned": _pruned,
}


def _restored(name: str, arrays: Arrays) -> NDArray[Any]:
    def part(of: str) -> NDArray[Any] | None:
        return arrays.get(f"{name}{MARK}{of}")

    half, steps, kept = part("float16"), part("int8"), part("kept")
    if half is not None:
        return half.astype(np.float32)
    if steps is not None:
        return steps.astype(np.float32) * arrays[f"{name}{MARK}scale"]
    if kept is not None:
        shape = arrays[f"{name}{MARK}shape"]
        values = np.zeros(int(np.prod(shape)), dtype=np.float32)
        values[np.unpackbits(kept, count=len(values)).astype(np.bool_)] = arrays[f"{name}{MARK}weights"]
        return values.reshape(shape)
    return arrays[name]


def _size(arrays: Arrays) -> int:
    return sum(values.nbytes for values in arrays.values())
