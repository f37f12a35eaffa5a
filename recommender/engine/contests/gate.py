"""What speaks against letting a recommender serve. Pure: it sees the stored figures, never who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Mean difference to the baseline, customer by customer, on the window that no choice has seen.
ADVANTAGE = "advantage"
# What a shop earns by it, beside how often it is right; one of them has to be there, with its interval.
BUSINESS_KPIS = ("revenue_at_10", "redemptions_at_10")

Row = Mapping[str, Any]


def objections(metrics: Mapping[str, Row], readiness: Row | None = None) -> list[str]:
    """Sentences that go on "it …"; empty when nothing speaks against the version.

    Parameters
    ----------
    metrics : mapping of str to mapping
        ``{name: {value, low, high}}`` as a version stores them.
    readiness : mapping, optional
        As a version stores it; not every version was looked at.
    """
    return [*_accuracy(metrics.get(ADVANTAGE)), *_business(metrics), *_history(readiness)]


def _accuracy(advantage: Row | None) -> list[str]:
    if advantage is None or not _has_interval(advantage):
        return ["was never compared with the baseline"]
    if advantage["low"] > 0:
        return []
    span = f"{100 * advantage['low']:+.1f} and {100 * advantage['high']:+.1f} percentage points"
    return [f"is not surely better than the baseline: its advantage lies between {span}"]


def _business(metrics: Mapping[str, Row]) -> list[str]:
    if any(_has_interval(metrics.get(name)) for name in BUSINESS_KPIS):
        return []
    return ["says nothing of what it would earn: neither revenue nor purchases at 10 were measured"]


def _history(readiness: Row | None) -> list[str]:
    if readiness is None or readiness["is_ready"]:
        return []
    more = readiness["n_customers_more"]
    if more is None:
        return ["has not enough history yet, and its learning curve cannot tell how much it would take"]
    return [f"has not enough history yet: about {more:,} more customers are needed"]


def _has_interval(row: Row | None) -> bool:
    return row is not None and row.get("low") is not None and row.get("high") is not None
