"""The neural reception network: what the ridge logistic model misses, learnt in JAX as a small correction."""

from typing import Self

import numpy as np

from campaigns.engine.frames import BoolArray, IntArray, ReceptionFrame
from campaigns.engine.reception.contract import check_both
from campaigns.engine.reception.logistic import RidgeLogistic
from campaigns.engine.reception.network_serving import LAYERS, NetworkServing
from campaigns.engine.reception.schooling import Lessons, Schooling, school

JUDGES_SHARE = 0.3


class ReceptionNetwork(NetworkServing):
    """Ridge logistic regression as a frozen offset, and small nets on the customers' features on top.

    The last layer starts at zero, so that a net that learns nothing leaves the logistic model as it is. Each net stops
    where campaigns that it does not learn from are forecast best: rows are plenty, campaigns are few. The nets see no
    column of the campaign itself, which has only as many values as there were campaigns.

    Parameters
    ----------
    hidden_sizes : tuple of int, default=(32, 16)
    dropout : float, default=0.4
    weight_decay : float, default=0.05
    learning_rate : float, default=0.002
    n_steps : int, default=300
        At most.
    n_seeds : int, default=3
        Nets that are averaged, each with other campaigns to judge it.
    random_state : int, default=0

    References
    ----------
    Cheng et al. 2016 (wide and deep); Srivastava et al. 2014 (dropout); Loshchilov & Hutter 2019 (weight decay).
    """

    def __init__(
        self,
        *,
        hidden_sizes: tuple[int, int] = (32, 16),
        dropout: float = 0.4,
        weight_decay: float = 0.05,
        learning_rate: float = 0.002,
        n_steps: int = 300,
        n_seeds: int = 3,
        random_state: int = 0,
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.n_steps = n_steps
        self.n_seeds = n_seeds
        self.random_state = random_state

    def fit(self, frame: ReceptionFrame) -> Self:
        """Learn from the rows of finished campaigns.

        Raises
        ------
        ValueError
            When nobody responded, or everybody did.
        """
        check_both(frame)
        rng = np.random.default_rng(self.random_state)
        self.logistic_ = RidgeLogistic().fit(frame)
        schooling = Schooling(self.hidden_sizes, self.dropout, self.weight_decay, self.learning_rate, self.n_steps)
        nets = [school(self._lessons(frame, rng), schooling, rng) for _ in range(self.n_seeds)]
        self.nets_ = {name: np.stack([net[name] for net in nets]) for name in LAYERS}
        return self

    def _lessons(self, frame: ReceptionFrame, rng: np.random.Generator) -> Lessons:
        judging = _judging(frame, rng)
        others = frame.take(~judging)
        # The offset that judges see is of a model that has not seen their campaigns either.
        is_whole = others.responded.all() or not others.responded.any()
        offset = self.logistic_ if is_whole else RidgeLogistic().fit(others)
        return Lessons(
            self.logistic_.standardised(frame.customers),
            offset.logits_of_types(frame.customers, frame.types),
            frame.responded,
            judging,
        )


def _judging(frame: ReceptionFrame, rng: np.random.Generator) -> BoolArray:
    """Rows of whole campaigns that do not teach: drawn until they hold a share of all rows, never all campaigns."""
    campaigns: IntArray = rng.permutation(np.unique(frame.campaign_rows))
    sizes = np.array([np.sum(frame.campaign_rows == row) for row in campaigns])
    enough = int(np.searchsorted(np.cumsum(sizes), JUDGES_SHARE * sizes.sum())) + 1
    return np.isin(frame.campaign_rows, campaigns[: min(enough, len(campaigns) - 1)])
