"""The features customers are divided by, and the words for them: defined once, here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.features import Feature
from segments.engine.naming import FeatureWords, Slot

Phrases = tuple[Slot, str, str, str, str] | tuple[Slot, str, str, str, str, str, str]
# Words for features, by name without time span: where they go in a name; for much of it and for little of it; for
# the segment that has most of it and least of it, where several have much or little; and, for what people read first,
# for those who have rather much and rather little, where others have far more and far less.
PHRASES: dict[str, Phrases] = {
    "orders": ("adjective", "frequent", "occasional", "most frequent", "occasional", "regular", "casual"),
    "spend": (
        "noun",
        "big spenders",
        "small spenders",
        "biggest spenders",
        "smallest spenders",
        "good spenders",
        "modest spenders",
    ),
    "units": (
        "suffix",
        "who take many pieces",
        "who take few pieces",
        "who take the most pieces",
        "who take the fewest pieces",
    ),
    "basket_value": (
        "suffix",
        "with full baskets",
        "with small baskets",
        "with the fullest baskets",
        "with the smallest baskets",
    ),
    "basket_lines": (
        "suffix",
        "with long receipts",
        "with short receipts",
        "with the longest receipts",
        "with the shortest receipts",
    ),
    "basket_products": (
        "suffix",
        "with varied baskets",
        "with plain baskets",
        "with the most varied baskets",
        "with the plainest baskets",
    ),
    "returns": ("suffix", "who send things back", "who keep what they buy", "who send most things back", ""),
    "returns_value": ("suffix", "who send much back", "who keep what they buy", "who send most back", ""),
    "discount_share": (
        "suffix",
        "who buy at a discount",
        "who pay the full price",
        "who buy most at a discount",
        "who pay the full price most",
    ),
    "coupon_share": ("suffix", "who like coupons", "without coupons", "who like coupons most", ""),
    "coupon_discount": ("suffix", "who save with coupons", "without coupons", "who save most with coupons", ""),
    "recency_days": (
        "suffix",
        "not seen lately",
        "seen lately",
        "not seen for the longest",
        "seen most recently",
        "not seen for a while",
        "seen fairly lately",
    ),
    "recency_in_gaps": ("suffix", "overdue for a visit", "seen when expected", "most overdue for a visit", ""),
    "tenure_days": ("adjective", "long-standing", "new", "longest-standing", "newest"),
    "gap_mean_days": (
        "suffix",
        "who come at long intervals",
        "who come at short intervals",
        "who come at the longest intervals",
        "who come at the shortest intervals",
    ),
    "gap_last_days": ("suffix", "who stayed away long before", "who came back soon", "who stayed away longest", ""),
    "orders_per_active_month": ("suffix", "who come often in a month", "who come once in a month", "", ""),
    "weekend_share": ("suffix", "who shop at weekends", "who shop on weekdays", "", ""),
    "products": ("suffix", "who buy across the range", "who buy the same few things", "who buy the widest range", ""),
    "categories": ("suffix", "who visit every shelf", "who visit few shelves", "", "who visit the fewest shelves"),
    "brands": ("suffix", "who try many brands", "who know few brands", "who try most brands", "who know fewest brands"),
    "category_share": (
        "suffix",
        "strong in {value}",
        "light on {value}",
        "strongest in {value}",
        "lightest on {value}",
    ),
    "brand_share": ("suffix", "fond of {value}", "who seldom buy {value}", "fondest of {value}", ""),
    "channel_share": ("suffix", "who order by {value}", "who seldom order by {value}", "", ""),
    "redemptions": ("suffix", "who take offers", "who take no offers", "who take most offers", ""),
    "campaigns_received": ("suffix", "who are often written to", "who are seldom written to", "", ""),
    "campaigns_taken_share": ("suffix", "who answer to offers", "who let offers pass", "", ""),
}
UNKNOWN: Phrases = ("suffix", "high in {label}", "low in {label}", "", "")
CATEGORY_PREFIX = "category_share:"


def _words(name: str, label: str, unit: str, phrases: Phrases, value: str = "") -> FeatureWords:
    slot, *told = phrases
    high, low, *others = (phrase.format(value=value, label=f"“{label}”") for phrase in told)
    return FeatureWords(name, label, slot, high, low, unit, *others)


HABITS = (
    _words("recency_days", "Days since last order", "days", PHRASES["recency_days"]),
    _words("n_orders", "Orders", "orders", PHRASES["orders"]),
    _words("spend", "Spend", "money", PHRASES["spend"]),
    _words("tenure_days", "Days since first order", "days", PHRASES["tenure_days"]),
    _words("basket_value", "Spend per order", "money", PHRASES["basket_value"]),
    _words("coupon_share", "Share of orders with a coupon", "share", PHRASES["coupon_share"]),
)


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
    name, label = CATEGORY_PREFIX + category, f"Share of spend on {category}"
    return _words(name, label, "share", PHRASES["category_share"], category)


def feature_words(feature: Feature) -> FeatureWords:
    """The words for a feature of the store."""
    base = feature.name.partition(":")[0].removesuffix(f"_{feature.window}")
    label = full_label(feature)
    phrases = PHRASES.get(base, UNKNOWN)
    return _words(feature.name, label, feature.unit, phrases, feature.value)


def full_label(feature: Feature) -> str:
    """What it is and over which time, for people."""
    return f"{feature.label}, last {feature.window_days} days" if feature.window_days else feature.label
