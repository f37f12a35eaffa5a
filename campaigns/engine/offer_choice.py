"""Which of a campaign's offers somebody takes who takes any: learnt from past choices, equal shares as the baseline."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import minimize
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from campaigns.engine.frames import FloatArray, IntArray

FEATURES = ("own_lines", "alike_lines", "n_products")
N_RESAMPLES = 1_000
FEWEST_CHOICES = 50


@dataclass(frozen=True)
class Choices:
    """Past redemptions, each with all the offers that could have been taken.

    Attributes
    ----------
    features : ndarray of float64, shape (n_rows, n_features)
        One row for each (redemption, offer of its campaign): `FEATURES`, counts as known before the campaign.
    starts : ndarray of int64, shape (n_choices,)
        First row of each redemption; its rows follow each other.
    taken : ndarray of int64, shape (n_choices,)
        Row that was taken.
    customers : ndarray of int64, shape (n_choices,)
        Who took it.
    campaigns : ndarray of int64, shape (n_choices,)
        Order number of the campaign, the oldest first.
    """

    features: FloatArray
    starts: IntArray
    taken: IntArray
    customers: IntArray
    campaigns: IntArray

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def sizes(self) -> IntArray:
        """How many offers each could have taken, shape (n_choices,)."""
        return np.diff(np.append(self.starts, len(self.features))).astype(np.int64)

    def of_campaigns(self, chosen: IntArray) -> Self:
        """Return the choices made in these campaigns."""
        kept = np.flatnonzero(np.isin(self.campaigns, chosen))
        sizes, starts = self.sizes, self.starts
        rows = np.concatenate([np.arange(starts[one], starts[one] + sizes[one]) for one in kept] or [starts[:0]])
        moved = np.concatenate([[0], np.cumsum(sizes[kept])[:-1]]) if len(kept) else starts[:0]
        taken = moved + self.taken[kept] - starts[kept]
        return type(self)(
            self.features[rows], moved.astype(np.int64), taken.astype(np.int64), self.customers[kept],
            self.campaigns[kept],
        )  # fmt: skip


class OfferChoice(BaseEstimator):
    """Conditional logit: the share of an offer grows with what the customer bought of its products and of their like.

    Parameters
    ----------
    penalty : float, default=1.0
        Ridge on the coefficients of the log1p features.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (n_features,)

    References
    ----------
    McFadden 1974.
    """

    def __init__(self, *, penalty: float = 1.0) -> None:
        self.penalty = penalty

    def fit(self, choices: Choices) -> Self:
        """Learn from past choices. With none, every offer gets an equal share."""
        design = np.log1p(choices.features)
        solved = minimize(
            _loss, np.zeros(design.shape[1]), args=(design, choices, self.penalty), jac=True, method="L-BFGS-B"
        )
        self.coef_ = np.asarray(solved.x, dtype=np.float64)
        return self

    def shares(self, features: FloatArray) -> FloatArray:
        """Return the share of each offer in what is taken, shape (n_customers, n_offers); rows sum to 1.

        Parameters
        ----------
        features : ndarray of float64, shape (n_customers, n_offers, n_features)

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        if not hasattr(self, "coef_"):
            raise NotFittedError("OfferChoice has not been fitted")
        utility = np.log1p(features) @ self.coef_
        weight = np.exp(utility - utility.max(axis=1, keepdims=True))
        shares: FloatArray = weight / weight.sum(axis=1, keepdims=True)
        return shares


def equal_shares() -> OfferChoice:
    """Return the baseline: nobody knows which offer, so each has the same share."""
    choice = OfferChoice()
    choice.coef_ = np.zeros(len(FEATURES))
    return choice


@dataclass(frozen=True)
class ChoiceGain:
    """How much better the learnt shares foretold the newest campaigns than equal shares, in log-likelihood a choice."""

    mean: float
    low: float
    high: float
    n_choices: int

    @property
    def is_clear(self) -> bool:
        """Whether nine in ten resamples of customers agree, and there were enough choices to look at."""
        return self.low > 0 and self.n_choices >= FEWEST_CHOICES


def foretell_newest(choices: Choices, rng: np.random.Generator) -> ChoiceGain:
    """Learn from the older half of the campaigns and foretell the choices of the newer half.

    Returns
    -------
    ChoiceGain
        With a 90 % interval, customers resampled whole.
    """
    campaigns = np.unique(choices.campaigns)
    older, newer = campaigns[: len(campaigns) // 2], campaigns[len(campaigns) // 2 :]
    past, later = choices.of_campaigns(older), choices.of_campaigns(newer)
    if len(past) == 0 or len(later) == 0:
        return ChoiceGain(0.0, 0.0, 0.0, 0)
    gains = _log_shares(OfferChoice().fit(past).coef_, later) - np.log(1 / later.sizes)
    _, who = np.unique(later.customers, return_inverse=True)
    sums, counts = np.bincount(who, weights=gains), np.bincount(who)
    drawn = rng.integers(0, len(sums), (N_RESAMPLES, len(sums)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.05, 0.95])
    return ChoiceGain(float(gains.mean()), float(low), float(high), len(later))


def _log_shares(coef: FloatArray, choices: Choices) -> FloatArray:
    utility = np.log1p(choices.features) @ coef
    highest = np.maximum.reduceat(utility, choices.starts)
    total = np.add.reduceat(np.exp(utility - np.repeat(highest, choices.sizes)), choices.starts)
    logs: FloatArray = utility[choices.taken] - highest - np.log(total)
    return logs


def _loss(coef: FloatArray, design: FloatArray, choices: Choices, penalty: float) -> tuple[float, FloatArray]:
    if len(choices) == 0:
        return 0.0, np.zeros_like(coef)
    utility = design @ coef
    weight = np.exp(utility - np.repeat(np.maximum.reduceat(utility, choices.starts), choices.sizes))
    share = weight / np.repeat(np.add.reduceat(weight, choices.starts), choices.sizes)
    gradient = design.T @ share - design[choices.taken].sum(axis=0)
    return -float(np.log(share[choices.taken]).sum()) + penalty / 2 * float(coef @ coef), gradient + penalty * coef
