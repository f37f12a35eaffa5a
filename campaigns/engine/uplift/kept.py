"""What was learnt of an effect as it serves customers who were in no trial: plain arrays, by NumPy alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from campaigns.engine.frames import BoolArray, FloatArray
from campaigns.engine.uplift.calibration import Calibration
from campaigns.engine.uplift.terms import Constant, EffectSum, Surface, Term
from recommender.engine.ranking.trees import Trees

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Line:
    """A fitted line, and where it is one of chances its logistic."""

    slopes: FloatArray
    level: float
    is_chance: bool

    def __call__(self, values: FloatArray) -> FloatArray:
        found = values @ self.slopes + self.level
        return np.asarray(expit(found) if self.is_chance else found)


@dataclass(frozen=True)
class Grove:
    """Boosted trees, summed by NumPy alone."""

    trees: Trees
    is_chance: bool

    def __call__(self, values: FloatArray) -> FloatArray:
        found = self.trees.predict(values.astype(np.float32))
        return np.asarray(expit(found) if self.is_chance else found)


@dataclass(frozen=True)
class KeptEffect:
    """An expected effect that serves customers who were in no trial.

    Attributes
    ----------
    names : tuple of str
        The features it is told, in order.
    effect : EffectSum
    calibration : Calibration
    lowest, highest : ndarray of float64, shape (n_features,)
        Of the people it was learnt from.
    """

    names: tuple[str, ...]
    effect: EffectSum
    calibration: Calibration
    lowest: FloatArray
    highest: FloatArray

    def scores(self, values: FloatArray) -> FloatArray:
        """Return what the learners together expect, shape (n_rows,); nobody is taken to be further out than seen."""
        return self.effect(np.clip(values, self.lowest, self.highest))

    def is_unlike(self, values: FloatArray) -> BoolArray:
        """Return whether people lie outside whatever was seen in the trial in some feature, shape (n_rows,)."""
        return np.asarray(((values < self.lowest) | (values > self.highest)).any(axis=1))


def in_single_precision(values: FloatArray) -> FloatArray:
    """Return values that trees divide alike when they are learnt and when they serve."""
    return values.astype(np.float32).astype(np.float64)


def from_artefact(params: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> KeptEffect:
    """Return what `keeping.to_artefact` told."""
    surfaces = [_surface(told, f"s{number}", arrays) for number, told in enumerate(params["surfaces"])]
    terms = tuple(
        Term(one["weight"], surfaces[one["surface"]], one["arm"], one["has_products"]) for one in params["terms"]
    )
    return KeptEffect(
        names=tuple(params["names"]),
        effect=EffectSum(terms),
        calibration=Calibration.from_json(params["calibration"]),
        lowest=np.asarray(arrays["lowest"], dtype=np.float64),
        highest=np.asarray(arrays["highest"], dtype=np.float64),
    )


def _surface(told: Mapping[str, Any], prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Surface:
    if told["kind"] == "constant":
        return Constant(told["value"])
    if told["kind"] == "line":
        return Line(arrays[f"{prefix}_slopes"], told["level"], told["is_chance"])
    return Grove(Trees.from_arrays(prefix, arrays), told["is_chance"])
