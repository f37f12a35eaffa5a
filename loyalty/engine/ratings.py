"""From signs to ratings: how sure a sign makes us that a customer likes a product, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from loyalty.engine.rhythm import Floats, Ints
from loyalty.engine.signals import Events, pair_codes

# Raised when the same events make other ratings.
VERSION = 1
SECONDS_A_DAY = 86_400
NEWEST_KEPT = 3
NO_KEY = -1


class Signal(StrEnum):
    """The kind of sign a rating was read from."""

    PURCHASE = "purchase"
    REPEAT_PURCHASE = "repeat_purchase"
    PICKED = "picked"
    PASSED_OVER = "passed_over"
    CART_REMOVAL = "cart_removal"
    RETURN = "return"
    SILENCE = "silence"


# What each sign says, between −1 and 1. Silence has no constant: it says as much as the product is to blame.
VALUES = {
    Signal.PURCHASE: 1.0,
    Signal.REPEAT_PURCHASE: 1.0,
    Signal.PICKED: 1.0,
    Signal.PASSED_OVER: -0.1,
    Signal.CART_REMOVAL: -0.3,
    Signal.RETURN: -0.8,
}
# A silence after several new products, none of them suspicious, is shared among them.
SHARED_BLAME = 0.1


@dataclass(frozen=True)
class RatingRule:
    """How signs are weighed.

    Attributes
    ----------
    half_life_days : float or None
        After so many days a sign counts half; None: age does not matter.
    damping : float
        How much one more sign adds; α of the formula in `weights`.
    """

    half_life_days: float | None = None
    damping: float = 1.0

    @property
    def definition(self) -> str:
        """One text a definition: ratings with the same text were made the same way."""
        age = "no decay" if self.half_life_days is None else f"half-life {self.half_life_days:g} d"
        return f"{VERSION}, {age}, α {self.damping:g}"

    def decay(self, at: Ints, as_of: int) -> Floats:
        """e^(−λ·age) of moments before `as_of` (seconds), between 0 and 1."""
        if self.half_life_days is None:
            return np.ones(len(at))
        return np.exp2(-(as_of - at) / (SECONDS_A_DAY * self.half_life_days))


@dataclass(frozen=True)
class Tally:
    """Events of one customer with one product, added up; shape (n_pairs,) unless said.

    Attributes
    ----------
    customer, product, count : ndarray of int64
    total : ndarray of float64
        Σ share.
    decayed : ndarray of float64
        Σ share · e^(−λ·age).
    first_at, last_at : ndarray of int64
        Seconds since 1970.
    newest : ndarray of int64, shape (n_pairs, 3)
        Keys of the newest events, newest first; −1 where there are fewer.
    """

    customer: Ints
    product: Ints
    count: Ints
    total: Floats
    decayed: Floats
    first_at: Ints
    last_at: Ints
    newest: Ints

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def decay(self) -> Floats:
        """What age left of the signs, between 0 and 1."""
        return self.decayed / np.maximum(self.total, 1e-12)


def tally(events: Events, share: Floats, *, as_of: int, rule: RatingRule) -> Tally:
    """Add events up by customer and product.

    Parameters
    ----------
    events : Events
    share : ndarray of float64, shape (n_events,)
        How much of each event counts; those that count nothing are left out.
    as_of : int
        Seconds since 1970. An event at this moment or after it is left out.
    rule : RatingRule
    """
    counts = (events.at < as_of) & (share > 0)
    events, share = events[counts], share[counts]
    (pair,) = pair_codes(events)
    order = np.lexsort((events.key, events.at, pair))
    events, share, pair = events[order], share[order], pair[order]
    begins = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]]) if len(pair) else np.zeros(0, np.int64)
    ends = np.r_[begins[1:], len(pair)][: len(begins)]
    weighed = share * rule.decay(events.at, as_of)
    return Tally(
        customer=events.customer[begins],
        product=events.product[begins],
        count=ends - begins,
        total=_sums(share, begins),
        decayed=_sums(weighed, begins),
        first_at=events.at[begins],
        last_at=events.at[ends - 1],
        newest=_newest(events.key, begins, ends),
    )


def _sums(values: Floats, begins: Ints) -> Floats:
    return np.add.reduceat(values, begins) if len(begins) else np.zeros(0)


def _newest(keys: Ints, begins: Ints, ends: Ints) -> Ints:
    places = ends[:, None] - 1 - np.arange(NEWEST_KEPT)
    return (
        np.where(places >= begins[:, None], keys[np.maximum(places, 0)], NO_KEY)
        if len(begins)
        else np.zeros((0, NEWEST_KEPT), np.int64)
    )


def weights(decayed: Floats, rule: RatingRule) -> Floats:
    """How sure signs make us: 1 + α · log(1 + Σ w·e^(−λ·age)).

    Notes
    -----
    Hu, Koren & Volinsky 2008, "Collaborative filtering for implicit feedback datasets", with damped counts: the
    twentieth purchase of milk says less than the second.
    """
    return 1.0 + rule.damping * np.log1p(decayed)


def blame(ratio: Floats, n_new: Ints) -> Floats:
    """Value of a silence for a product first bought on the last visit before it, in [−1, 0).

    Parameters
    ----------
    ratio : ndarray of float64, shape (n,)
        Silences after the product over those expected, shrunk; NaN where too few bought it to say.
    n_new : ndarray of int64, shape (n,)
        Products bought for the first time on that visit.

    Notes
    -----
    Of silences that are `ratio` times as many as usual, the share 1 − 1/ratio is due to the product.
    """
    due = 1.0 - 1.0 / np.fmax(ratio, 1.0)
    return -np.fmax(due, SHARED_BLAME / np.maximum(n_new, 1))
