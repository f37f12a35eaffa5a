"""Why a version serves or does not, in one sentence for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.engine.contests.gate import ADVANTAGE

Row = Mapping[str, Any]
YARDSTICK = "The yardstick: the same for every customer."


@dataclass(frozen=True)
class Verdicts:
    """Of one training: the labels of all that took part, the baseline first, and the place of the chosen one."""

    labels: Sequence[str]
    place: int
    waits: bool = False

    def of(self, place: int, metrics: Row, readiness: Row | None, serves: bool) -> str:
        if place == 0:
            return YARDSTICK
        gained = metrics[ADVANTAGE]
        if place != self.place:
            return f"{_gained(gained)}. On earlier weeks “{self.labels[self.place]}” was better or as good and simpler."
        if serves:
            return f"{_gained(gained)}, so it {'may serve' if self.waits else 'serves'}."
        if gained["low"] > 0:
            return f"{not_enough(readiness)}. Until then “{self.labels[0]}” serves."
        return f"{_gained(gained)}: not surely better, so “{self.labels[0]}” serves."


def _gained(gained: Row) -> str:
    span = f"{100 * gained['low']:+.1f} to {100 * gained['high']:+.1f} percentage points"
    return f"Customers then bought {span} more of what it recommended than of what most customers buy"


def not_enough(readiness: Row | None) -> str:
    """How much history is missing, as far as the learning curve can tell."""
    more = readiness["n_customers_more"] if readiness else None
    if more is None:
        return "Not enough history yet, and the learning curve cannot tell how much it would take"
    return f"Not enough history yet: about {more:,} more customers are needed"
