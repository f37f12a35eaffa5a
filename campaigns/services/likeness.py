"""Learn in which directions tastes differ, each time from what had been bought by then and from nothing later."""

from collections.abc import Sequence
from datetime import datetime

from campaigns.engine.likeness import TasteSpace, fit_tastes
from campaigns.queries.likeness import sampled_purchases


def spaces_before(moments: Sequence[datetime]) -> list[TasteSpace]:
    """One space for each of the `moments`, which rise: what was bought at or after it is not in it."""
    sampled = sampled_purchases(moments)
    return [fit_tastes(sampled.before(place)) for place in range(len(moments))]
