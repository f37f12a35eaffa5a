"""What a shop would do without a model when something new comes: ask those who buy much, or much of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.engine.attributes import Attributes
from recommender.engine.history import CustomerHistory

# Orders customers who bought equally much of a kind.
TIE_BREAK = 1e-4


class NewProductScorer(Protocol):
    """Whoever can tell customers apart for products that have no buyers yet."""

    def score_new(self, history: CustomerHistory, facts: Attributes) -> NDArray[np.float32]:
        """Scores of shape (n_customers, len(facts)), float32."""


@dataclass(frozen=True)
class ActivityRule:
    """Those who have bought the most different products."""

    def score_new(self, history: CustomerHistory, facts: Attributes) -> NDArray[np.float32]:
        """The number of different products, the same for every new one."""
        different = np.diff(history.weights.indptr).astype(np.float32)
        return np.repeat(different[:, None], len(facts), axis=1)


@dataclass(frozen=True)
class FrequencyRule:
    """Those who have bought most often what has the same label; of those alike, the more active.

    Attributes
    ----------
    kind : str
        Such as ``"product_type"``.
    labels : ndarray of str, shape (n_products,)
        Of the histories' catalogue.
    """

    kind: str
    labels: NDArray[np.str_]

    def score_new(self, history: CustomerHistory, facts: Attributes) -> NDArray[np.float32]:
        """Purchases with the label of every new product."""
        wanted, places = np.unique(facts.labels[self.kind], return_inverse=True)
        counts = np.zeros((len(history), len(wanted)), dtype=np.float32)
        for column, label in enumerate(wanted):
            if label:
                counts[:, column] = history.weights @ (self.labels == label).astype(np.float32)
        scores: NDArray[np.float32] = counts[:, places] + TIE_BREAK * ActivityRule().score_new(history, facts)
        return scores


def rules(facts: Attributes) -> dict[str, NewProductScorer]:
    """Activity, and the frequency of every kind of label, for a catalogue with these facts."""
    by_label = {f"rule: {kind} frequency": FrequencyRule(kind, labels) for kind, labels in facts.labels.items()}
    return {"rule: activity": ActivityRule(), **by_label}
