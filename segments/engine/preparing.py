"""Make raw features comparable before customers are divided by them, the same way for those who come later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.components import Components, principal_components

Matrix = NDArray[np.float64]
Scaler = Literal["standard", "minmax", "robust"]
SCALERS: tuple[Scaler, ...] = ("standard", "minmax", "robust")
# Rounding makes the spread of a constant column tiny, not 0.
CONSTANT = 1e-9


class FeatureEmpty(Exception):
    """A feature is known of nobody."""


@dataclass(frozen=True)
class Scaling:
    """How raw features become comparable.

    Attributes
    ----------
    is_damped : bool
        Whether log1p is taken first (sign kept): money and counts are skewed, and one giant would be a segment.
    middle, centre, spread : ndarray of float64, shape (n_features,)
        What a missing value is taken for (the median, in raw units), what is taken off, and what is divided by; a
        constant feature has a spread of 1.
    """

    is_damped: bool
    middle: Matrix
    centre: Matrix
    spread: Matrix

    @classmethod
    def learn(cls, values: Matrix, scaler: Scaler = "standard", *, is_damped: bool = True) -> Scaling:
        """From raw features, shape (n, n_features), NaN where missing.

        "standard" gives mean 0 and standard deviation 1, "minmax" 0 to 1, "robust" median 0 and quartiles 1 apart.

        Raises
        ------
        FeatureEmpty
            When a feature is missing for everybody.
        ValueError
            When a value is infinite.
        """
        middle = _middle(values)
        damped = _damped(_filled(values, middle), is_damped)
        centre, spread = {"standard": _standard, "minmax": _minmax, "robust": _robust}[scaler](damped)
        return cls(is_damped, middle, centre, np.where(spread > CONSTANT, spread, 1.0))

    def apply(self, values: Matrix) -> Matrix:
        """Scaled features of the same shape, nothing missing."""
        return (_damped(_filled(values, self.middle), self.is_damped) - self.centre) / self.spread


@dataclass(frozen=True)
class Preparation:
    """Scaling, and after it the principal components where they were asked for.

    Attributes
    ----------
    scaling : Scaling
    components : Components or None
    """

    scaling: Scaling
    components: Components | None = None

    @classmethod
    def learn(
        cls, values: Matrix, scaler: Scaler = "standard", *, is_damped: bool = True, keep: float | None = None
    ) -> Preparation:
        """From raw features; `keep` is the share (0–1) of all differences that the components must explain."""
        scaling = Scaling.learn(values, scaler, is_damped=is_damped)
        if keep is None:
            return cls(scaling)
        found = principal_components(scaling.apply(values))
        n = found.n_for(keep)
        return cls(scaling, Components(found.explained_shares[:n], found.loadings[:n], found.centers))

    def apply(self, values: Matrix) -> Matrix:
        """What customers are divided by, shape (n, n_features) or (n, n_components)."""
        scaled = self.scaling.apply(values)
        return scaled if self.components is None else self.components.transform(scaled)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Everything learnt, by name, for a file."""
        scaling = self.scaling
        told = {
            "is_damped": np.array(float(scaling.is_damped)),
            "middle": scaling.middle,
            "centre": scaling.centre,
            "spread": scaling.spread,
        }
        if self.components is None:
            return told
        parts = self.components
        return {**told, "shares": parts.explained_shares, "loadings": parts.loadings, "centers": parts.centers}

    @classmethod
    def restored(cls, arrays: dict[str, NDArray[np.float64]]) -> Preparation:
        """What `arrays` told."""
        scaling = Scaling(bool(arrays["is_damped"]), arrays["middle"], arrays["centre"], arrays["spread"])
        if "loadings" not in arrays:
            return cls(scaling)
        return cls(scaling, Components(arrays["shares"], arrays["loadings"], arrays["centers"]))


def _middle(values: Matrix) -> Matrix:
    if np.isinf(values).any():
        raise ValueError("every feature has to be a finite number or missing")
    missing = np.isnan(values)
    if not missing.any():
        return np.median(values, axis=0) if len(values) else np.zeros(values.shape[1])
    if missing.all(axis=0).any():
        number = int(np.flatnonzero(missing.all(axis=0))[0]) + 1
        raise FeatureEmpty(f"Feature {number} is not known of any customer: leave it out.")
    return np.nanmedian(values, axis=0)


def _filled(values: Matrix, middle: Matrix) -> Matrix:
    missing = np.isnan(values)
    return np.where(missing, middle, values) if missing.any() else values


def _damped(values: Matrix, is_damped: bool) -> Matrix:
    return np.sign(values) * np.log1p(np.abs(values)) if is_damped else values


def _standard(values: Matrix) -> tuple[Matrix, Matrix]:
    return values.mean(axis=0), values.std(axis=0)


def _minmax(values: Matrix) -> tuple[Matrix, Matrix]:
    low = values.min(axis=0)
    return low, values.max(axis=0) - low


def _robust(values: Matrix) -> tuple[Matrix, Matrix]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    # More than half of the customers may share one value, such as no returns at all.
    return middle, np.where(high - low > CONSTANT, high - low, values.std(axis=0))
