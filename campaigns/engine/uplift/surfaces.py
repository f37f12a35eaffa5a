"""What the learners of uplift are made of: a ridge regression and gradient boosting, for outcomes and for effects."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.uplift.terms import Constant, Surface

SEED = 7


@dataclass(frozen=True)
class Fitted:
    """What an estimator of scikit-learn learnt: a chance, or a number that may be negative."""

    model: Any
    is_chance: bool

    def __call__(self, values: FloatArray) -> FloatArray:
        if self.is_chance:
            return np.asarray(self.model.predict_proba(values)[:, 1])
        return np.asarray(self.model.predict(values), dtype=np.float64)


@dataclass(frozen=True)
class Base:
    """How surfaces are fitted; one for all learners, so that they are compared and not their ingredients.

    Attributes
    ----------
    name : str
    classifier, regressor : callable
        Return a new estimator of scikit-learn.
    """

    name: str
    classifier: Callable[[], object]
    regressor: Callable[[], object]
    # A line cannot find out by itself that what one feature does depends on the arm.
    needs_products: bool
    most_rows: int | None = None

    def fit_outcome(self, values: FloatArray, outcome: FloatArray) -> Surface:
        """Fit the expected outcome: a chance where it is something that happened or did not."""
        if (outcome == outcome[0]).all():
            return Constant(float(outcome[0]))
        if not np.isin(outcome, (0.0, 1.0)).all():
            return self.fit_effect(values, outcome)
        model: object = self.classifier()
        rows = self._rows(len(outcome))
        model.fit(values[rows], outcome[rows] > 0)  # type: ignore[attr-defined]
        return Fitted(model, is_chance=True)

    def fit_effect(self, values: FloatArray, target: FloatArray) -> Surface:
        """Fit a number that may be negative."""
        model: object = self.regressor()
        rows = self._rows(len(target))
        model.fit(values[rows], target[rows])  # type: ignore[attr-defined]
        return Fitted(model, is_chance=False)

    def _rows(self, n_rows: int) -> IntArray | slice:
        if self.most_rows is None or n_rows <= self.most_rows:
            return slice(None)
        return np.random.default_rng(SEED).choice(n_rows, self.most_rows, replace=False)


def _logistic() -> object:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))


def _ridge() -> object:
    return make_pipeline(StandardScaler(), Ridge(alpha=100.0))


def _boosted_chance() -> object:
    return HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, min_samples_leaf=200, l2_regularization=10.0, random_state=SEED
    )


def _boosted_number() -> object:
    return HistGradientBoostingRegressor(
        max_iter=40, learning_rate=0.05, max_leaf_nodes=6, min_samples_leaf=400, l2_regularization=10.0,
        random_state=SEED,
    )  # fmt: skip


RIDGE = Base("ridge", _logistic, _ridge, needs_products=True)
# Past this many people boosting learns little more, and a trial of a quarter of a million would take ten minutes.
BOOSTING = Base("boosting", _boosted_chance, _boosted_number, needs_products=False, most_rows=60_000)
BASES = (RIDGE, BOOSTING)
