"""Who would take an offer: a ridge logistic model of response, and the baseline it has to beat."""

from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from campaigns.engine.frames import CustomerFrame, FloatArray, ReceptionFrame

Arrays = dict[str, npt.NDArray[Any]]


class Responder(Protocol):
    """Anything that forecasts response on the logit scale."""

    def fit(self, frame: ReceptionFrame) -> Self:
        """Learn from finished campaigns."""
        ...

    def logits(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the log-odds of response, shape (n_customers,)."""
        ...

    def contributions(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return what each feature adds to the log-odds, shape (n_customers, n_features)."""
        ...

    def to_artefact(self) -> tuple[dict[str, Any], Arrays]:
        """Return parameters fit for JSON and arrays fit for `.npz`."""
        ...


class TypeRate(BaseEstimator):
    """Baseline: everybody responds at the rate of the campaign's type, shrunk to the overall rate.

    Parameters
    ----------
    prior_customers : float, default=50
        Weight of the overall rate, in customers.

    Attributes
    ----------
    overall_ : float
        Share of all rows that responded, with half a response added so that it is never 0 or 1.
    rates_ : dict of str to float
    """

    def __init__(self, *, prior_customers: float = 50.0) -> None:
        self.prior_customers = prior_customers

    def fit(self, frame: ReceptionFrame) -> Self:
        """Learn the rates.

        Raises
        ------
        ValueError
            When `frame` has no rows.
        """
        if len(frame.customers) == 0:
            raise ValueError("no past campaign to learn from")
        responded, types = frame.responded, frame.types
        self.overall_ = float((responded.sum() + 0.5) / (len(responded) + 1))
        self.rates_ = {str(kind): self._rate(responded[types == kind]) for kind in np.unique(types)}
        return self

    def _rate(self, responded: npt.NDArray[np.bool_]) -> float:
        strength = self.prior_customers
        return float((responded.sum() + strength * self.overall_) / (len(responded) + strength))

    def logits(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the same log-odds for every customer, shape (n_customers,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        if not hasattr(self, "rates_"):
            raise NotFittedError("TypeRate has not been fitted")
        rate = self.rates_.get(campaign_type, self.overall_)
        return np.full(len(customers), float(logit(rate)))

    def contributions(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return zeros, shape (n_customers, n_features): the baseline tells nobody apart."""
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
        if described["estimator"] != cls.__name__:
            raise ValueError(f"artefact of {described['estimator']}, not of {cls.__name__}")
        rate = cls(**described["params"])
        rate.overall_, rate.rates_ = float(described["overall"]), dict(described["rates"])
        return rate


class ReceptionModel(BaseEstimator):
    """Ridge logistic regression on standardised log1p features and the campaign's type.

    Class weights are never used: they leave the ranking alone and make every total wrong.

    Parameters
    ----------
    inverse_penalty : float, default=0.03
        scikit-learn's `C`; small because the rows share few campaigns.
    max_iter : int, default=500

    Attributes
    ----------
    feature_names_ : tuple of str
        Customer features, as in the frame fitted.
    types_ : tuple of str
        Campaign types seen; an unseen type gets no type term.
    mean_, scale_, coef_ : ndarray of float64, shape (n_features + n_types,)
    intercept_ : float

    References
    ----------
    Hoerl & Kennard 1970; le Cessie & van Houwelingen 1992 (ridge estimators in logistic regression).
    """

    def __init__(self, *, inverse_penalty: float = 0.03, max_iter: int = 500) -> None:
        self.inverse_penalty = inverse_penalty
        self.max_iter = max_iter

    def fit(self, frame: ReceptionFrame) -> Self:
        """Learn from the rows of finished campaigns.

        Raises
        ------
        ValueError
            When nobody responded, or everybody did.
        """
        responded = frame.responded
        if responded.all() or not responded.any():
            raise ValueError("the past campaigns need people who responded and people who did not")
        self.feature_names_ = frame.customers.names
        self.types_ = tuple(str(kind) for kind in np.unique(frame.types))
        design = self._design(frame.customers, frame.types)
        self.mean_ = design.mean(axis=0)
        spread = design.std(axis=0)
        self.scale_ = np.where(spread > 1e-12, spread, 1.0)
        inner = LogisticRegression(C=self.inverse_penalty, max_iter=self.max_iter)
        inner.fit((design - self.mean_) / self.scale_, responded)
        self.coef_ = np.asarray(inner.coef_[0], dtype=np.float64)
        self.intercept_ = float(inner.intercept_[0])
        return self

    def logits(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the log-odds of response, shape (n_customers,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            When the features are not those of the fit.
        """
        return np.asarray(self._standardised(customers, campaign_type) @ self.coef_ + self.intercept_)

    def predict_proba(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the probability of response, shape (n_customers,)."""
        return np.asarray(expit(self.logits(customers, campaign_type)))

    def contributions(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return what each feature adds to the log-odds against the average customer.

        Exact: the row sums plus `intercept_` and the type term are the logits.

        Returns
        -------
        ndarray of float64, shape (n_customers, n_features)
        """
        parts = self._standardised(customers, campaign_type) * self.coef_
        return np.asarray(parts[:, : len(self.feature_names_)])

    def to_artefact(self) -> tuple[dict[str, Any], Arrays]:
        """Return parameters fit for JSON and arrays fit for `.npz`."""
        self._check_fitted()
        described = {
            "estimator": type(self).__name__,
            "params": self.get_params(),
            "feature_names": list(self.feature_names_),
            "types": list(self.types_),
            "intercept": self.intercept_,
        }
        return described, {"mean": self.mean_, "scale": self.scale_, "coef": self.coef_}

    @classmethod
    def from_artefact(cls, described: dict[str, Any], arrays: Arrays) -> Self:
        """Rebuild a fitted model from what `to_artefact` returned.

        Raises
        ------
        ValueError
            When the artefact describes another estimator.
        """
        if described["estimator"] != cls.__name__:
            raise ValueError(f"artefact of {described['estimator']}, not of {cls.__name__}")
        model = cls(**described["params"])
        model.feature_names_ = tuple(described["feature_names"])
        model.types_ = tuple(described["types"])
        model.intercept_ = float(described["intercept"])
        model.mean_, model.scale_, model.coef_ = arrays["mean"], arrays["scale"], arrays["coef"]
        return model

    def _check_fitted(self) -> None:
        if not hasattr(self, "coef_"):
            raise NotFittedError("ReceptionModel has not been fitted")

    def _design(self, customers: CustomerFrame, types: npt.NDArray[np.str_]) -> FloatArray:
        indicators = types[:, None] == np.array(self.types_, dtype=np.str_)[None, :]
        return np.hstack([np.log1p(customers.values), indicators.astype(np.float64)])

    def _standardised(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        self._check_fitted()
        if customers.names != self.feature_names_:
            raise ValueError("these are not the features the model was fitted on")
        types = np.full(len(customers), campaign_type)
        return np.asarray((self._design(customers, types) - self.mean_) / self.scale_)


def responder_from_artefact(described: dict[str, Any], arrays: Arrays) -> Responder:
    """Rebuild whichever of the two estimators was saved.

    Raises
    ------
    ValueError
        When it is neither.
    """
    if described["estimator"] == TypeRate.__name__:
        return TypeRate.from_artefact(described, arrays)
    return ReceptionModel.from_artefact(described, arrays)
