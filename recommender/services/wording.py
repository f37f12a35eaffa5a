"""Why a product is in a list, in a sentence that may stand beside it."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import date

from recommender.queries.online import Fact

LONGEST_NAME = 150
WHO = {
    "age_group": "Customers of {}",
    "household_size": "Households of {}",
    "household_type": "Households of the kind “{}”",
}


@dataclass(frozen=True)
class Words:
    """Reasons for the products of one list."""

    facts: Mapping[int, Fact]
    times: Mapping[int, tuple[int, date | None]]
    in_place_of: Mapping[int, int]
    share: Callable[[int], float]
    traits: Mapping[int, str] = field(default_factory=dict)
    new_ids: Container[int] = ()

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
        if product_id in self.new_ids:
            return new_in_the_shop(because)
        if because and because_id != product_id:
            return f"Goes with {because}, which was bought before."
        if self.traits.get(product_id):
            return of_trait(self.traits[product_id])
        return f"New to this customer; {percent(self.share(product_id))} of all customers have bought it."

    def _named(self, product_id: int) -> str:
        fact = self.facts.get(product_id)
        return f"“{str(fact)[:LONGEST_NAME]}”" if fact else ""


def new_in_the_shop(because: str) -> str:
    """`because` in its marks, or nothing."""
    return f"New in the shop, and like {because}, which was bought before." if because else "New in the shop."


def of_trait(trait: str) -> str:
    """`trait` as kind=value."""
    kind, _, value = trait.partition("=")
    who = WHO.get(kind, f"Customers with {kind.replace('_', ' ')} “{{}}”").format(value[:LONGEST_NAME])
    return f"{who} buy it more often than others."


def bought(times: int, last_on: date) -> str:
    told = "once" if times == 1 else f"{times} times, last"
    return f"Bought {told} on {last_on:%-d %B %Y}."


def percent(share: float) -> str:
    return "less than 1%" if share < 0.01 else f"{share:.0%}"
