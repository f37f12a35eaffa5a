"""The features customers are divided by, and the words for them: defined once, here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segments.engine.profiles import FeatureWords

HABITS = (
    FeatureWords("recency_days", "Days since last order", "suffix", "not seen lately", "seen lately", "days"),
    FeatureWords("n_orders", "Orders", "adjective", "frequent", "occasional", "orders"),
    FeatureWords("spend", "Spend", "noun", "big spenders", "small spenders", "money"),
    FeatureWords("tenure_days", "Days since first order", "adjective", "long-standing", "new", "days"),
    FeatureWords("basket_value", "Spend per order", "suffix", "with full baskets", "with small baskets", "money"),
    FeatureWords(
        "coupon_share", "Share of orders with a coupon", "suffix", "who like coupons", "without coupons", "share"
    ),
)
HABIT_NAMES = tuple(words.name for words in HABITS)
CATEGORY_PREFIX = "category_share:"


class FeatureUnknown(Exception):
    """A feature was asked for that does not exist."""


@dataclass(frozen=True)
class FeatureFrame:
    """What is known of every customer at one moment.

    Attributes
    ----------
    customer_ids : ndarray of int64, shape (n,)
    values : ndarray of float64, shape (n, n_features)
        In raw units.
    words : tuple of FeatureWords
        One a column.
    """

    customer_ids: NDArray[np.int64]
    values: NDArray[np.float64]
    words: tuple[FeatureWords, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(words.name for words in self.words)


def habit_words(names: tuple[str, ...]) -> tuple[FeatureWords, ...]:
    """The words for habits by name.

    Raises
    ------
    FeatureUnknown
        Naming the first that does not exist.
    """
    known = {words.name: words for words in HABITS}
    for name in names:
        if name not in known:
            raise FeatureUnknown(f"“{name}” is not a feature; choose from {', '.join(known)}.")
    return tuple(known[name] for name in names)


def category_words(category: str) -> FeatureWords:
    """Words for the share (0–1) of a customer's spend that goes to a category."""
    return FeatureWords(
        name=CATEGORY_PREFIX + category,
        label=f"Share of spend on {category}",
        slot="suffix",
        high=f"strong in {category}",
        low=f"light on {category}",
        unit="share",
    )
