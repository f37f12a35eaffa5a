"""Gradient boosting of reception."""

from typing import Self

import numpy as np

from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.reception.boosted_serving import BoostedServing
from campaigns.engine.reception.contract import check_both, logged
from recommender.engine.ranking.boosting import Examples, Growth, grown


class BoostedReception(BoostedServing):
    """Gradient-boosted trees on log1p features and the campaign's type; needs no scaling, shrinks little.

    Parameters
    ----------
    n_trees : int, default=200
    learning_rate : float, default=0.03
    max_leaves : int, default=8
    min_leaf : int, default=40
        Customers in a leaf.
    ridge : float, default=5.0
    random_state : int, default=0

    References
    ----------
    Friedman 2001; Ke et al. 2017 (histograms).
    """

    def __init__(
        self,
        *,
        n_trees: int = 200,
        learning_rate: float = 0.03,
        max_leaves: int = 8,
        min_leaf: int = 40,
        ridge: float = 5.0,
        random_state: int = 0,
    ) -> None:
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.max_leaves = max_leaves
        self.min_leaf = min_leaf
        self.ridge = ridge
        self.random_state = random_state

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
        values = logged(frame.customers)
        self.usual_ = np.median(values, axis=0)
        x = np.hstack([values, frame.types[:, None] == np.array(self.types_, dtype=np.str_)]).astype(np.float32)
        growth = Growth(**self.get_params())
        self.trees_, _ = grown(Examples(x, frame.responded, np.ones(len(x), dtype=np.float32)), growth)
        return self
