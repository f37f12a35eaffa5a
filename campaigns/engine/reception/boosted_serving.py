"""Boosted trees of reception as they serve: plain arrays summed by NumPy."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from campaigns.engine.frames import CustomerFrame, FloatArray
from campaigns.engine.reception.contract import Arrays, check_kind, check_names, logged
from recommender.engine.ranking.trees import Trees

KIND = "BoostedReception"


class BoostedServing(BaseEstimator):
    """Trees over log1p features and the campaign's type.

    Attributes
    ----------
    feature_names_, types_ : tuple of str
    usual_ : ndarray of float64, shape (n_features,)
        Median of each logged feature: the customer that contributions are told against.
    trees_ : Trees
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
        return self._sum(self._checked(customers), campaign_type)

    def contributions(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return what each feature adds against the usual customer, shape (n_customers, n_features).

        Exact: features are taken over one after the other, once from the first and once from the last; the row sums
        of the mean of both are the logits less the usual customer's.
        """
        logged_values = self._checked(customers)
        order = range(logged_values.shape[1])
        both = (self._taken_over(logged_values, campaign_type, way) for way in (order, reversed(order)))
        return np.asarray(sum(both) / 2)

    def _taken_over(self, values: FloatArray, campaign_type: str, order: Any) -> FloatArray:
        mixed, parts = np.tile(self.usual_, (len(values), 1)), np.zeros(values.shape)
        before = self._sum(mixed, campaign_type)
        for column in order:
            mixed[:, column] = values[:, column]
            after = self._sum(mixed, campaign_type)
            parts[:, column], before = after - before, after
        return parts

    def _checked(self, customers: CustomerFrame) -> FloatArray:
        if not hasattr(self, "trees_"):
            raise NotFittedError(f"{KIND} has not been fitted")
        check_names(customers, self.feature_names_)
        return logged(customers)

    def _sum(self, values: FloatArray, campaign_type: str) -> FloatArray:
        types = np.tile([kind == campaign_type for kind in self.types_], (len(values), 1))
        return self.trees_.predict(np.hstack([values, types]).astype(np.float32))

    def to_artefact(self) -> tuple[dict[str, Any], Arrays]:
        """Return parameters fit for JSON and arrays fit for `.npz`."""
        names = {"feature_names": list(self.feature_names_), "types": list(self.types_)}
        arrays = {"usual": self.usual_, **self.trees_.arrays("trees")}
        return {"estimator": KIND, "params": self.get_params(), **names}, arrays

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
        model.feature_names_, model.types_ = tuple(described["feature_names"]), tuple(described["types"])
        model.usual_, model.trees_ = arrays["usual"], Trees.from_arrays("trees", arrays)
        return model
