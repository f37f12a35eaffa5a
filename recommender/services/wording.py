"""Why a product is in a list, in a sentence that may stand beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from recommender.queries.online import Fact

LONGEST_NAME = 150


@dataclass(frozen=True)
class Words:
    """Reasons for the products of one list."""

    facts: Mapping[int, Fact]
    times: Mapping[int, tuple[int, date | None]]
    in_place_of: Mapping[int, int]
    share: Callable[[int], float]

    def reason(self, product_id: int, because_id: int, is_of_session: bool, *, is_pinned: bool) -> str:
        """The strongest that holds: what a person decided, what is looked at, what was bought, what goes with it."""
        because = self._named(because_id)
        if is_pinned:
            return "Chosen by the shop for this place."
        if product_id in self.in_place_of:
            return f"Takes the place of {self._named(self.in_place_of[product_id])}, which is out of stock."
        if is_of_session and because:
            return f"Goes with {because}, which is being looked at."
        times, last_on = self.times.get(product_id, (0, None))
        if times and last_on is not None:
            return bought(times, last_on)
        if because and because_id != product_id:
            return f"Goes with {because}, which was bought before."
        return f"New to this customer; {percent(self.share(product_id))} of all customers have bought it."

    def _named(self, product_id: int) -> str:
        fact = self.facts.get(product_id)
        return f"“{str(fact)[:LONGEST_NAME]}”" if fact else ""


def bought(times: int, last_on: date) -> str:
    told = "once" if times == 1 else f"{times} times, last"
    return f"Bought {told} on {last_on:%-d %B %Y}."


def percent(share: float) -> str:
    return "less than 1%" if share < 0.01 else f"{share:.0%}"
