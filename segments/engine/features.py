"""The features customers are divided by, and the words for them: defined once, here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.features import Feature
from segments.engine.profiles import FeatureWords, Slot

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
# Words for features of the store, by name without time span: where they go, for much of it and for little of it.
PHRASES: dict[str, tuple[Slot, str, str]] = {
    "orders": ("adjective", "frequent", "occasional"),
    "spend": ("noun", "big spenders", "small spenders"),
    "units": ("suffix", "who take many pieces", "who take few pieces"),
    "basket_value": ("suffix", "with full baskets", "with small baskets"),
    "basket_lines": ("suffix", "with long receipts", "with short receipts"),
    "basket_products": ("suffix", "with varied baskets", "with plain baskets"),
    "returns": ("suffix", "who send things back", "who keep what they buy"),
    "returns_value": ("suffix", "who send much back", "who keep what they buy"),
    "discount_share": ("suffix", "who buy at a discount", "who pay the full price"),
    "coupon_share": ("suffix", "who like coupons", "without coupons"),
    "coupon_discount": ("suffix", "who save with coupons", "without coupons"),
    "recency_days": ("suffix", "not seen lately", "seen lately"),
    "recency_in_gaps": ("suffix", "overdue for a visit", "seen when expected"),
    "tenure_days": ("adjective", "long-standing", "new"),
    "gap_mean_days": ("suffix", "who come at long intervals", "who come at short intervals"),
    "gap_last_days": ("suffix", "who stayed away long before", "who came back soon"),
    "orders_per_active_month": ("suffix", "who come often in a month", "who come once in a month"),
    "weekend_share": ("suffix", "who shop at weekends", "who shop on weekdays"),
    "products": ("suffix", "who buy across the range", "who buy the same few things"),
    "categories": ("suffix", "who visit every shelf", "who visit few shelves"),
    "brands": ("suffix", "who try many brands", "who know few brands"),
    "category_share": ("suffix", "strong in {value}", "light on {value}"),
    "brand_share": ("suffix", "fond of {value}", "who seldom buy {value}"),
    "channel_share": ("suffix", "who order by {value}", "who seldom order by {value}"),
    "redemptions": ("suffix", "who take offers", "who take no offers"),
    "campaigns_received": ("suffix", "who are often written to", "who are seldom written to"),
    "campaigns_taken_share": ("suffix", "who answer to offers", "who let offers pass"),
}


class FeatureUnknown(Exception):
    """A feature was asked for that does not exist."""


@dataclass(frozen=True)
class FeatureFrame:
    """What is known of every customer at one moment.

    Attributes
    ----------
    customer_ids : ndarray of int64, shape (n,)
    values : ndarray of float64, shape (n, n_features)
        In raw units, NaN where missing.
    words : tuple of FeatureWords
        One a column.
    sources : tuple of str
        What to ask for again, for other customers or at another moment; one a column.
    """

    customer_ids: NDArray[np.int64]
    values: NDArray[np.float64]
    words: tuple[FeatureWords, ...]
    sources: tuple[str, ...]

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


def feature_words(feature: Feature) -> FeatureWords:
    """The words for a feature of the store."""
    base = feature.name.partition(":")[0].removesuffix(f"_{feature.window}")
    slot, high, low = PHRASES.get(base, ("suffix", "high in {label}", "low in {label}"))
    label = full_label(feature)
    told = {"value": feature.value, "label": f"“{label}”"}
    return FeatureWords(feature.name, label, slot, high.format(**told), low.format(**told), feature.unit)


def full_label(feature: Feature) -> str:
    """What it is and over which time, for people."""
    return f"{feature.label}, last {feature.window_days} days" if feature.window_days else feature.label
