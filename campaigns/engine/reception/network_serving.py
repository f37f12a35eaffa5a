"""The reception network as it serves: ridge logistic regression and what small nets add to it, in NumPy alone."""

from typing import Any, Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from campaigns.engine.frames import CustomerFrame, FloatArray
from campaigns.engine.reception.contract import Arrays, check_kind
from campaigns.engine.reception.logistic import RidgeLogistic

KIND = "ReceptionNetwork"
INTEGRATION_STEPS = 64
ROWS_AT_ONCE = 32_768
# Weights and biases of the two hidden layers and the last one.
LAYERS = ("w1", "b1", "w2", "b2", "w3", "b3")


class NetworkServing(BaseEstimator):
    """Logit of the ridge logistic model, and the mean of several nets on the same standardised features.

    Attributes
    ----------
    logistic_ : RidgeLogistic
    nets_ : dict of str to ndarray of float64, shape (n_seeds, ...)
        The arrays named in `LAYERS`.
    """

    def logits(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the log-odds of response, shape (n_customers,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            When the features are not those of the fit.
        """
        self._check_fitted()
        offset = self.logistic_.logits(customers, campaign_type)
        return np.asarray(offset + self._added(self.logistic_.standardised(customers)))

    def contributions(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return what each feature adds to the log-odds against the average customer, shape (n_customers, n_features).

        The logistic part is exact; the nets' part is by integrated gradients, whose rows sum to what the nets add to
        the customer less what they add to the average one.

        References
        ----------
        Sundararajan, Taly & Yan 2017.
        """
        self._check_fitted()
        values = self.logistic_.standardised(customers)
        blocks = [self._integrated(values[at : at + ROWS_AT_ONCE]) for at in range(0, len(values), ROWS_AT_ONCE)]
        return self.logistic_.contributions(customers, campaign_type) + np.concatenate([values[:0], *blocks])

    def _added(self, values: FloatArray) -> FloatArray:
        blocks = [self._forward(values[at : at + ROWS_AT_ONCE]) for at in range(0, len(values), ROWS_AT_ONCE)]
        return np.concatenate([np.empty(0), *blocks])

    def _forward(self, values: FloatArray) -> FloatArray:
        """Mean over the nets, shape (n_rows,). One row at a time gives what all at once do."""
        total = np.zeros(len(values))
        for w1, b1, w2, b2, w3, b3 in zip(*(self.nets_[name] for name in LAYERS), strict=True):
            total += _silu(_silu(values @ w1 + b1) @ w2 + b2) @ w3 + b3
        return np.asarray(total / len(self.nets_["b3"]))

    def _integrated(self, values: FloatArray) -> FloatArray:
        slopes = np.zeros(values.shape)
        for step in (np.arange(INTEGRATION_STEPS) + 0.5) / INTEGRATION_STEPS:
            slopes += self._gradient(step * values)
        return np.asarray(values * slopes / INTEGRATION_STEPS)

    def _gradient(self, values: FloatArray) -> FloatArray:
        total = np.zeros(values.shape)
        for w1, b1, w2, b2, w3, _ in zip(*(self.nets_[name] for name in LAYERS), strict=True):
            first = values @ w1 + b1
            second = _silu(first) @ w2 + b2
            total += ((_slope(second) * w3) @ w2.T * _slope(first)) @ w1.T
        return np.asarray(total / len(self.nets_["b3"]))

    def _check_fitted(self) -> None:
        if not hasattr(self, "nets_"):
            raise NotFittedError(f"{KIND} has not been fitted")

    def to_artefact(self) -> tuple[dict[str, Any], Arrays]:
        """Return parameters fit for JSON and arrays fit for `.npz`."""
        self._check_fitted()
        described, arrays = self.logistic_.to_artefact()
        return {"estimator": KIND, "params": self.get_params(), "logistic": described}, {**arrays, **self.nets_}

    @classmethod
    def from_artefact(cls, described: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild what serves from what `to_artefact` returned.

        Raises
        ------
        ValueError
            When the artefact describes another estimator.
        """
        check_kind(described, KIND)
        model = cls()
        model.logistic_ = RidgeLogistic.from_artefact(described["logistic"], arrays)
        model.nets_ = {name: arrays[name] for name in LAYERS}
        return model


def _silu(values: FloatArray) -> FloatArray:
    return np.asarray(values * expit(values))


def _slope(values: FloatArray) -> FloatArray:
    gate = expit(values)
    return np.asarray(gate * (1 + values * (1 - gate)))
