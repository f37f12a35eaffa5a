"""Ridge logistic regression: the simplest model that tells people apart, and what the others correct."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from campaigns.engine.campaign_effect import PRIOR_SD_MEDIAN
from campaigns.engine.frames import BoolArray, CustomerFrame, FloatArray, ReceptionFrame
from campaigns.engine.reception.contract import Arrays, check_both, check_kind, check_names, logged
from campaigns.engine.reception.levels import Grouped, fit_grouped, groups_of


class RidgeLogistic(BaseEstimator):
    """Ridge logistic regression on standardised log1p features, the campaign's type, and past campaigns' own levels.

    How a past campaign went as a whole is kept apart from what its customers tell: each gets a level of its own while
    the model learns, and a campaign to come gets none. Otherwise one large campaign that went well is taken for a
    quality of the people it was sent to.

    Class weights are never used: they leave the ranking alone and make every total wrong.

    Parameters
    ----------
    inverse_penalty : float, default=0.03
        Variance of the prior of each coefficient; small because the rows share few campaigns.
    level_sd : float, default=.4
        How far whole campaigns are expected to stray, on the logit: the prior of the campaign effect.
    max_iter : int, default=50

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
    Hoerl & Kennard 1970; le Cessie & van Houwelingen 1992 (ridge estimators in logistic regression); Breslow &
    Clayton 1993 (levels of groups as penalised effects).
    """

    def __init__(self, *, inverse_penalty: float = 0.03, level_sd: float = PRIOR_SD_MEDIAN, max_iter: int = 50) -> None:
        self.inverse_penalty = inverse_penalty
        self.level_sd = level_sd
        self.max_iter = max_iter

    def fit(self, frame: ReceptionFrame) -> Self:
        """Learn from the rows of finished campaigns.

        Raises
        ------
        ValueError
            When nobody responded, or everybody did.
        """
        check_both(frame)
        self.feature_names_ = frame.customers.names
        self.types_ = tuple(str(kind) for kind in np.unique(frame.types))
        design = self._design(frame.customers, frame.types)
        self.mean_ = design.mean(axis=0)
        spread = design.std(axis=0)
        self.scale_ = np.where(spread > 1e-12, spread, 1.0)
        x = np.hstack([np.ones((len(design), 1)), (design - self.mean_) / self.scale_])
        # A column of zeros gets a coefficient of exactly zero.
        x[:, 1 : 1 + len(self.feature_names_)] *= self._heard(frame)
        penalties = np.full(x.shape[1], 1 / self.inverse_penalty)
        penalties[0] = 0.0
        groups = groups_of(frame.campaign_rows)
        fitted = fit_grouped(Grouped(x, frame.responded, groups, penalties, self.level_sd**-2), self.max_iter)
        self.intercept_, self.coef_ = float(fitted[0]), fitted[1:]
        return self

    def _heard(self, frame: ReceptionFrame) -> BoolArray:
        """Which features have a say, shape (n_features,)."""
        return np.ones(len(frame.customers.names), dtype=np.bool_)

    def logits(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the log-odds of response, shape (n_customers,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            When the features are not those of the fit.
        """
        return self.logits_of_types(customers, np.full(len(customers), campaign_type))

    def logits_of_types(self, customers: CustomerFrame, types: npt.NDArray[np.str_]) -> FloatArray:
        """The same for rows of different campaigns: `types`, shape (n_customers,), is each row's campaign type."""
        self._check_fitted()
        check_names(customers, self.feature_names_)
        return np.asarray((self._design(customers, types) - self.mean_) / self.scale_ @ self.coef_ + self.intercept_)

    def standardised(self, customers: CustomerFrame) -> FloatArray:
        """The customers' logged features with mean 0 and spread 1 over the past, shape (n_customers, n_features)."""
        self._check_fitted()
        check_names(customers, self.feature_names_)
        n = len(self.feature_names_)
        return np.asarray((logged(customers) - self.mean_[:n]) / self.scale_[:n])

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
        return np.asarray(self.standardised(customers) * self.coef_[: len(self.feature_names_)])

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
        check_kind(described, cls.__name__)
        model = cls(**described["params"])
        model.feature_names_ = tuple(described["feature_names"])
        model.types_ = tuple(described["types"])
        model.intercept_ = float(described["intercept"])
        model.mean_, model.scale_, model.coef_ = arrays["mean"], arrays["scale"], arrays["coef"]
        return model

    def _check_fitted(self) -> None:
        if not hasattr(self, "coef_"):
            raise NotFittedError("RidgeLogistic has not been fitted")

    def _design(self, customers: CustomerFrame, types: npt.NDArray[np.str_]) -> FloatArray:
        indicators = types[:, None] == np.array(self.types_, dtype=np.str_)[None, :]
        return np.hstack([logged(customers), indicators.astype(np.float64)])
