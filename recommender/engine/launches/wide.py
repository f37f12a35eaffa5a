"""The rules a shop would use, weighed by logistic regression: the part of a score that no network may spoil."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from recommender.engine.attributes import Attributes
from recommender.engine.encoding import Encoding
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.affinity import ITSELF, Affinity, Codes, activity, codes_of
from recommender.engine.launches.cases import Cases
from recommender.engine.launches.tastes import Tastes

# A purchase is compared with so many cases without one.
OTHERS = 40
LEAST_SPREAD = 1e-9
OTHERS_AT_LEAST, OTHERS_AT_MOST = 500, 100_000


@dataclass(frozen=True)
class Wide:
    """Log odds that a customer buys a product, by affinity, activity and how well products of its kind do.

    Attributes
    ----------
    affinity : Affinity
    standing : dict of str to ndarray of float32, shape (n_values,)
        By kind of fact: log1p of the mean number of buyers of products with each value.
    weights : ndarray of float32, shape (n_features,)
        In the order of ``names``.
    intercept : float
    tastes : Tastes, optional
        Where given, how near a customer's purchases lie to the product's kind counts as well.
    """

    affinity: Affinity
    standing: dict[str, NDArray[np.float32]]
    weights: NDArray[np.float32]
    intercept: float
    tastes: Tastes | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What every weight belongs to."""
        likeness = () if self.tastes is None else (f"{self.tastes.kind}: likeness",)
        return (*self.affinity.names, *likeness, *(f"{kind}: buyers" for kind in self.standing))

    def logits(self, history: CustomerHistory, wanted: Codes) -> NDArray[np.float32]:
        """Log odds, shape (n_customers, n_wanted) float32."""
        columns = activity(history.dated(), history.shape[1])
        n = len(columns)
        of_customer = self.intercept + sum(w * column for w, column in zip(self.weights[:n], columns, strict=True))
        by_kind = zip(self.weights[-len(self.standing) :], self._standings(wanted), strict=True)
        of_product = sum(weight * part for weight, part in by_kind)
        logits = np.asarray(of_customer, dtype=np.float32)[:, None] + np.asarray(of_product, dtype=np.float32)
        # Weighed before they are spread over the products: there are far fewer values than products.
        for number, (aged, once, places) in enumerate(self.affinity.tables(history, wanted)):
            at = n + 2 * number
            logits += (self.weights[at] * aged + self.weights[at + 1] * once)[:, places]
        for part in self._likeness(history, wanted):
            logits += self.weights[n + 2 * len(self.affinity.codes)] * part
        return logits

    def parts(self, history: CustomerHistory, wanted: Codes) -> Iterator[NDArray[np.float32]]:
        """What the weights are multiplied with, one feature at a time; each broadcasts to (n_customers, n_wanted)."""
        yield from self.affinity.parts(history, wanted)
        yield from self._likeness(history, wanted)
        yield from (part[None, :] for part in self._standings(wanted))

    def _likeness(self, history: CustomerHistory, wanted: Codes) -> Iterator[NDArray[np.float32]]:
        if self.tastes is not None:
            kind = self.tastes.kind
            yield self.tastes.likeness(history.dated(), self.affinity.codes[kind], wanted[kind])

    def _standings(self, wanted: Codes) -> Iterator[NDArray[np.float32]]:
        # What is unknown of a product is taken to be as usual: nothing would mean that nobody buys it.
        for kind, values in self.standing.items():
            yield np.append(values, _usual(values))[wanted[kind]]

    def known_by(self, buyers: NDArray[np.int64]) -> Wide:
        """The same weights at a later moment: ``buyers`` of every product, shape (n_products,) int64."""
        return replace(self, standing=standing_of(self.affinity, buyers))

    def with_products(self, facts: Attributes, order: NDArray[np.int64]) -> Wide:
        """The same weights over a larger catalogue.

        Parameters
        ----------
        facts : Attributes
            Of the new products.
        order : ndarray of int64, shape (n_products + n_new,)
            Where each product of the larger catalogue stood among the old ones followed by the new.
        """
        new, old = codes_of(self.affinity.encoding, facts), self.affinity.codes
        codes = {kind: np.concatenate([old[kind], new[kind]])[order] for kind in old}
        codes[ITSELF] = np.arange(len(order), dtype=np.int64)
        sold = self.standing[ITSELF]
        unsold = np.full(len(facts), _usual(sold), dtype=np.float32)
        standing = {**self.standing, ITSELF: np.concatenate([sold, unsold])[order]}
        return replace(self, affinity=Affinity(self.affinity.encoding, codes), standing=standing)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Parameters for JSON, and arrays."""
        arrays: dict[str, NDArray[Any]] = {"wide_weights": self.weights}
        for number, (kind, codes) in enumerate(self.affinity.codes.items()):
            arrays[f"codes_{number}"], arrays[f"standing_{number}"] = codes, self.standing[kind]
        return {"encoding": self.affinity.encoding.to_params(), "intercept": self.intercept}, arrays

    @classmethod
    def from_parts(cls, params: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        """What ``to_parts`` was made of."""
        encoding = Encoding.from_params(params["encoding"])
        kinds = (*encoding.kinds, ITSELF)
        codes = {kind: arrays[f"codes_{number}"] for number, kind in enumerate(kinds)}
        standing = {kind: arrays[f"standing_{number}"] for number, kind in enumerate(kinds)}
        return cls(Affinity(encoding, codes), standing, arrays["wide_weights"], float(params["intercept"]))


def _usual(values: NDArray[np.float32]) -> np.float32:
    return np.float32(values.mean() if len(values) else 0.0)


def standing_of(affinity: Affinity, buyers: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """By kind: log1p of the mean number of buyers of the products with each value.

    Parameters
    ----------
    affinity : Affinity
    buyers : ndarray of int64, shape (n_products,)
    """
    found = {}
    for kind, values in affinity.codes.items():
        known, n = values >= 0, affinity.n_values(kind)
        totals = np.bincount(values[known], buyers[known], minlength=n)
        counts = np.bincount(values[known], minlength=n)
        found[kind] = np.log1p(totals / np.maximum(counts, 1)).astype(np.float32)
    return found


def learnt(
    affinity: Affinity,
    standing: dict[str, NDArray[np.float32]],
    cases: Iterable[Cases],
    *,
    strength: float,
    rng: np.random.Generator,
    tastes: Tastes | None = None,
) -> Wide:
    """Weigh the features by ridge logistic regression.

    Parameters
    ----------
    affinity, standing
        As in ``Wide``.
    cases : iterable of Cases
        Read once.
    strength : float
        Inverse of the ridge, scikit-learn's ``C``.
    rng : numpy.random.Generator
        Draws those without a purchase; each stands for as many as it was drawn from.
    tastes : Tastes, optional
        Learnt from nothing later than the cases.
    """
    blank = Wide(affinity, standing, np.zeros(0, dtype=np.float32), 0.0, tastes)
    samples = [_sampled(blank, block, rng) for block in cases]
    features, labels, weights = (np.concatenate(column) for column in zip(*samples, strict=True))
    if labels.all() or not labels.any():
        return replace(blank, weights=np.zeros(features.shape[1], dtype=np.float32))
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread < 1e-4 * (1 + np.abs(centre))] = np.inf
    features -= centre
    features /= spread
    fitted = LogisticRegression(C=strength, max_iter=500).fit(features, labels, sample_weight=weights)
    sums = features @ fitted.coef_[0]
    stretch, intercept = _stretched(sums, labels, weights)
    slopes = (stretch * fitted.coef_[0] / spread).astype(np.float32)
    return replace(blank, weights=slopes, intercept=float(intercept - slopes @ centre))


def _stretched(
    sums: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """How far the sums must be stretched to be log odds, and what is added: the ridge had made them too small."""
    size = float(sums.std())
    if size < LEAST_SPREAD:
        return 1.0, float(np.log(np.average(labels, weights=weights) / np.average(~labels, weights=weights)))
    fitted = LogisticRegression(C=1.0, max_iter=500).fit(sums[:, None] / size, labels, sample_weight=weights)
    return float(fitted.coef_[0, 0]) / size, float(fitted.intercept_[0])


def _sampled(
    blank: Wide, block: Cases, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    """Features, labels and weights of all purchases of a block and of some of the rest."""
    yes, no = np.flatnonzero(block.bought.ravel()), np.flatnonzero(~block.bought.ravel())
    n_drawn = int(np.clip(OTHERS * len(yes), OTHERS_AT_LEAST, OTHERS_AT_MOST))
    drawn = rng.choice(no, min(len(no), n_drawn), replace=False)
    cells = np.divmod(np.concatenate([yes, drawn]), block.bought.shape[1])
    parts = blank.parts(block.history, block.codes(blank.affinity.encoding))
    features = np.stack([np.broadcast_to(part, block.bought.shape)[cells] for part in parts], axis=1)
    weights = np.repeat([1.0, len(no) / max(len(drawn), 1)], [len(yes), len(drawn)])
    return features, block.bought[cells], weights
