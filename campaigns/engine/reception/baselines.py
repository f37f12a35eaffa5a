"""Baselines that tell nobody apart: what a model has to beat before it may serve."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from campaigns.engine.frames import CustomerFrame, FloatArray, ReceptionFrame
from campaigns.engine.reception.contract import Arrays, check_kind


class Rate(BaseEstimator, ABC):
    """Everybody responds at one rate for each campaign type, or at the overall one where a type has none.

    Attributes
    ----------
    overall_ : float
        Share of all rows that responded, with half a response added so that it is never 0 or 1.
    rates_ : dict of str to float
    """

    def fit(self, frame: ReceptionFrame) -> Self:
        """Learn the rates.

        Raises
        ------
        ValueError
            When `frame` has no rows.
        """
        if len(frame.customers) == 0:
            raise ValueError("no past campaign to learn from")
        self.overall_ = _share(frame.responded)
        self.rates_ = self._rates(frame)
        return self

    @abstractmethod
    def _rates(self, frame: ReceptionFrame) -> dict[str, float]:
        """Return the rate of each campaign type."""

    def logits(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the same log-odds for every customer, shape (n_customers,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        if not hasattr(self, "rates_"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted")
        rate = self.rates_.get(campaign_type, self.overall_)
        return np.full(len(customers), float(logit(rate)))

    def contributions(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return zeros, shape (n_customers, n_features): a baseline tells nobody apart."""
        return np.zeros(customers.values.shape)

    def to_artefact(self) -> tuple[dict[str, Any], Arrays]:
        """Return parameters fit for JSON; there are no arrays."""
        described = {"params": self.get_params(), "overall": self.overall_, "rates": self.rates_}
        return {"estimator": type(self).__name__, **described}, {}

    @classmethod
    def from_artefact(cls, described: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild a fitted baseline from what `to_artefact` returned.

        Raises
        ------
        ValueError
            When the artefact describes another estimator.
        """
        check_kind(described, cls.__name__)
        rate = cls(**described["params"])
        rate.overall_, rate.rates_ = float(described["overall"]), dict(described["rates"])
        return rate


class GlobalRate(Rate):
    """Everybody responds at the rate of all past campaigns."""

    def _rates(self, frame: ReceptionFrame) -> dict[str, float]:
        return {}


class LastOfType(Rate):
    """Everybody responds as in the campaign of the type that ended last: what people do without a model."""

    def _rates(self, frame: ReceptionFrame) -> dict[str, float]:
        rates = {}
        for row in sorted(set(frame.campaign_rows.tolist()), key=lambda row: frame.campaigns[row].ends_at):
            rates[frame.campaigns[row].campaign_type] = _share(frame.responded[frame.campaign_rows == row])
        return rates


class TypeRate(Rate):
    """Everybody responds at the rate of the campaign's type, shrunk to the overall rate.

    Parameters
    ----------
    prior_customers : float, default=50
        Weight of the overall rate, in customers.
    """

    def __init__(self, *, prior_customers: float = 50.0) -> None:
        self.prior_customers = prior_customers

    def _rates(self, frame: ReceptionFrame) -> dict[str, float]:
        responded, types = frame.responded, frame.types
        return {str(kind): self._rate(responded[types == kind]) for kind in np.unique(types)}

    def _rate(self, responded: npt.NDArray[np.bool_]) -> float:
        strength = self.prior_customers
        return float((responded.sum() + strength * self.overall_) / (len(responded) + strength))


def _share(responded: npt.NDArray[np.bool_]) -> float:
    return float((responded.sum() + 0.5) / (len(responded) + 1))
