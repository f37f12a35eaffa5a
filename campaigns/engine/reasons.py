"""Why a customer is likely to take an offer, in sentences a marketer would say.

The model's features are gathered into a few reasons; contributions of a reason's features add up.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter

import numpy as np

from campaigns.engine.frames import CustomerFrame, FloatArray


@dataclass(frozen=True)
class Reason:
    """A reason and how to say it.

    Attributes
    ----------
    label : str
        Short name, for charts.
    features : tuple of str
        Features whose contributions make it up.
    measure : str
        Feature that decides between the two sentences.
    some, none : str
        Sentence for a customer with, and without, any of `measure`; feature names stand in braces.
    extra : tuple of str
        What names of features begin with that belong to it, too, where a model looks at them.
    """

    label: str
    features: tuple[str, ...]
    measure: str
    some: str
    none: str
    extra: tuple[str, ...] = ()


# How long somebody has been a customer is left out: it grows with the calendar, so every campaign to come lies outside
# what was learnt from.
REASONS = (
    Reason(
        "Took earlier campaigns",
        ("redemptions", "redemptions_90", "campaigns_taken", "taken_share"),
        "campaigns_taken",
        "Took {campaigns_taken} of {campaigns_received} earlier campaigns",
        "Has not taken any earlier campaign",
    ),
    Reason(
        "Uses coupons",
        ("coupon_orders", "coupon_orders_90", "coupon_order_share", "coupon_discount"),
        "coupon_orders",
        "Used a coupon in {coupon_orders} of {orders} orders",
        "Has never used a coupon",
    ),
    # How often somebody shops at all stands here too: one without the other says little.
    Reason(
        "Buys these products or ones like them",
        (
            "promoted_lines",
            "promoted_coupon_lines",
            "promoted_share",
            "alike_lines",
            "alike_coupon_lines",
            "alike_share",
            "orders",
            "spend",
        ),
        "alike_lines",
        "Bought products like these {alike_lines} times in {orders} orders",
        "Has not bought products like these",
        ("taste_likeness",),
    ),
    Reason(
        "Shopped lately",
        ("recency_days", "orders_90", "orders_30", "spend_90", "spend_30"),
        "orders_90",
        "Shopped {orders_90} times in the last 90 days",
        "Has not shopped in the last 90 days",
    ),
    Reason(
        "Written to before",
        ("campaigns_received",),
        "campaigns_received",
        "Was sent {campaigns_received} campaigns before",
        "Was never sent a campaign before",
    ),
    # Only where a shop allows it and it makes forecasts better.
    Reason(
        "Kind of household",
        (),
        "orders",
        "People of their age, income or household answer such offers differently",
        "People of their age, income or household answer such offers differently",
        ("trait ",),
    ),
)
FEATURE_NAMES = tuple(name for reason in REASONS for name in reason.features)


def reason_contributions(contributions: FloatArray, names: Sequence[str]) -> FloatArray:
    """Add up the contributions of each reason's features.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n_customers, n_features)
        On the log-odds, from `Responder.contributions`. What is said of the whole campaign is no reason for anybody.
    names : sequence of str
        The columns of `contributions`.

    Returns
    -------
    ndarray of float64, shape (n_customers, n_reasons)
        In the order of `REASONS`.
    """
    # Names of traits are a shop's own: what they begin with is ours.
    member = np.array([[_is_of(name, reason) for reason in REASONS] for name in names], dtype=np.float64)
    return contributions @ member


def _is_of(name: str, reason: Reason) -> bool:
    return name in reason.features or name.startswith(reason.extra)


def sentences(customers: CustomerFrame, parts: FloatArray) -> list[str]:
    """Say for each customer what speaks for the offer most, or, when nothing does, what speaks against it most.

    Parameters
    ----------
    customers : CustomerFrame
        With at least `FEATURE_NAMES`.
    parts : ndarray of float64, shape (n_customers, n_reasons)
        From `reason_contributions`.
    """
    best = np.where(parts.max(axis=1) > 0, parts.argmax(axis=1), parts.argmin(axis=1))
    said = np.empty(len(best), dtype=object)
    for place, reason in enumerate(REASONS):
        some = customers.values[:, customers.names.index(reason.measure)] > 0
        for sentence, has in ((reason.some, some), (reason.none, ~some)):
            rows = np.flatnonzero((best == place) & has)
            said[rows] = _filled(sentence, customers.take(rows))
    filled: list[str] = said.tolist()
    return filled


def _filled(sentence: str, customers: CustomerFrame) -> list[str]:
    """The sentence for each customer: only the numbers that stand in it are looked up, since there may be a million."""
    names = [name for _, name, _, _ in Formatter().parse(sentence) if name]
    numbers = [customers.values[:, customers.names.index(name)].tolist() for name in names]
    if not names:
        return [sentence] * len(customers)
    template = re.sub(r"{(\w+)}", "{:.0f}", sentence)
    return [template.format(*cells) for cells in zip(*numbers, strict=True)]
