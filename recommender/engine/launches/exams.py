"""Which launches a shop's past has, and which of them are for judging: later than all that is learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recommender.engine.benchmark import NotPossible
from recommender.engine.launches.past import Launches, LaunchRule
from recommender.engine.shop import Shop

WEEK = 7
RULE = LaunchRule(warm_up_days=13 * WEEK, newer_than_share=0.999, outcome_days=8 * WEEK)
# Where keys grow with time, far more of what is first sold late has a key above all earlier ones.
GROWING_SHARE = 0.05


@dataclass(frozen=True)
class Exam:
    """Launches with ``since <= first day < until``, scored by what was learnt from launches decided by ``since``."""

    since: int
    until: int

    @property
    def name(self) -> str:
        """In weeks of the shop, counted from 1."""
        return f"launches of weeks {self.since // WEEK + 1}-{self.until // WEEK}"


def launches_of(shop: Shop) -> Launches:
    """Launches by their keys where keys grow with time, else by their first sale alone."""
    by_key = Launches(shop, RULE)
    late = by_key.first_day >= RULE.warm_up_days
    if by_key.is_launch.sum() >= GROWING_SHARE * max(int(late.sum()), 1):
        return by_key
    return Launches(shop, replace(RULE, newer_than_share=None))


def exams(n_days: int) -> tuple[Exam, Exam]:
    """Eight weeks of launches, and the ten after them; of a year, weeks 28-35 and 36-45."""
    end = WEEK * (n_days // WEEK - 7)
    middle = end - 10 * WEEK
    first = Exam(middle - 8 * WEEK, middle)
    if first.since - RULE.outcome_days <= RULE.warm_up_days:
        raise NotPossible(f"The shop's past has {n_days} days, too few to learn from launches and judge later ones.")
    return first, Exam(middle, end)
