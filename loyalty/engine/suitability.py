"""Which families of models the data can carry, why, and exactly what is missing for the others.

Every threshold is a pair: from the first on a family is worth a try, from the second on it suits. Where they come from:

- Customers and products with five or more: the 5-core that the field evaluates on (He et al. 2017, Liang et al. 2018);
  below it a factor is fitted to less than its own length.
- Customers for matrix factorisation: our own learning curve. Random samples of The Complete Journey's customers,
  implicit ALS (Hu et al. 2008) less popularity, NDCG@10 of first purchases in the last 28 days ± standard error:
  25 customers -.006 ± .007, 50 -.005 ± .004, 100 +.002 ± .003, 200 +.003 ± .001, 400 +.005 ± .001 (+12 %),
  800 +.006 ± .002, 1,600 +.010 (+27 %), 2,469 +.011 (+30 %). Below 100 factors do not beat the list of bestsellers.
- Density: between 0.02 % (Amazon's reviews) and 6 % (MovieLens) is where published factor models live; sparser data
  leave most products without two buyers in common (Adomavicius and Zhang 2012).
- Neural: Dacrema et al. (2019) found that nets beat tuned linear models only on large sets; MovieLens-1M's 6,040
  users with 1 M ratings is the smallest where Mult-DAE does (Liang et al. 2018).
- Next basket: personal frequency wins wherever customers repeat (Hu et al. 2020; Li et al. 2023 find that repeats are
  half of all hits); below one repeated pair in twenty there is nothing to repeat.
- Reception of campaigns: 5 finished campaigns and 50 responses, below which a forecast was off by half and more; from
  the ninth campaign on its interval held what was promised (23 campaigns of The Complete Journey, rolling origin).
- Lifetime: the BG/NBD model needs customers who came back; the published example has 1,000 in 39 weeks of data and half
  a year is the shortest calibration in the literature (Fader, Hardie and Lee 2005).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

WORTH_A_TRY = "Worth a try beside something simpler, which will often win."


class Verdict(Enum):
    SUITS = "suits"
    BARELY = "barely"
    NOT_YET = "not yet"


@dataclass(frozen=True, kw_only=True)
class DataCounts:
    """What is in the tables, as counts. Shares lie between 0 and 1; `density` is None before anything was bought.

    `n_returning` customers have two orders or more, `n_rich_customers` five different products or more,
    `n_rich_products` five different buyers or more; `repeat_share` is the share of customer–product pairs bought more
    than once; `*_coverage` the share of sold products that have it.
    """

    n_buyers: int = 0
    n_returning: int = 0
    n_rich_customers: int = 0
    n_rich_products: int = 0
    n_pairs: int = 0
    density: float | None = None
    repeat_share: float = 0.0
    category_coverage: float = 0.0
    attribute_coverage: float = 0.0
    text_coverage: float = 0.0
    n_browsing_customers: int = 0
    n_campaigns_finished: int = 0
    n_redemptions: int = 0
    months_of_history: float = 0.0

    @property
    def description_coverage(self) -> float:
        """The best described of the ways to describe a product."""
        return max(self.category_coverage, self.attribute_coverage, self.text_coverage)


@dataclass(frozen=True)
class Requirement:
    """`what` completes “needs at least 50 …”; `barely` and `suits` are the two thresholds of the measure."""

    what: str
    measure: Callable[[DataCounts], float]
    barely: float
    suits: float
    is_share: bool = False

    def verdict(self, counts: DataCounts) -> Verdict:
        value = self.measure(counts)
        return Verdict.SUITS if value >= self.suits else Verdict.BARELY if value >= self.barely else Verdict.NOT_YET

    def missing(self, counts: DataCounts) -> str:
        """What is needed for the next better verdict, as a sentence; empty when nothing is."""
        verdict = self.verdict(counts)
        if verdict is Verdict.SUITS:
            return ""
        needed = self.barely if verdict is Verdict.NOT_YET else self.suits
        verb = "Needs" if verdict is Verdict.NOT_YET else "Better with"
        return f"{verb} at least {self._told(needed)} {self.what}; there are {self._told(self.measure(counts))}."

    def _told(self, value: float) -> str:
        if not self.is_share:
            return f"{value:,.0f}"
        return f"{value:.2%}" if value < 0.01 else f"{value:.0%}"


@dataclass(frozen=True)
class Family:
    """Models of one kind: what they are for, why they suit when they do, and what they need."""

    name: str
    purpose: str
    reason: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True)
class Suitability:
    """What can be said of one family: the worst of its requirements decides, `missing` holds one sentence for each."""

    family: Family
    verdict: Verdict
    missing: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why, in one sentence."""
        told = {Verdict.SUITS: self.family.reason, Verdict.BARELY: WORTH_A_TRY}
        return told.get(self.verdict) or self.missing[0]


def suitability(counts: DataCounts) -> list[Suitability]:
    """Judge every family by the counts of an audit, in the order of `FAMILIES`."""
    return [_judged(family, counts) for family in FAMILIES]


def _judged(family: Family, counts: DataCounts) -> Suitability:
    verdicts = {requirement.verdict(counts) for requirement in family.requirements}
    worst = next(one for one in (Verdict.NOT_YET, Verdict.BARELY, Verdict.SUITS) if one in verdicts)
    # What stops a family comes before what would only make it better.
    ordered = sorted(family.requirements, key=lambda one: one.verdict(counts) is not Verdict.NOT_YET)
    return Suitability(family, worst, tuple(filter(None, (one.missing(counts) for one in ordered))))


RICH_CUSTOMERS = "customers with 5 or more different products"
RICH_PRODUCTS = "products with 5 or more buyers"
DESCRIBED = "of the sold products with a category, named attributes or a text"
HISTORY = "months of history"
REPEATED = "of the customer–product pairs bought more than once"

FAMILIES = (
    Family(
        "Frequency and next basket",
        "What a customer buys again",
        "Customers buy the same products again, and their own habit is hard to beat in a shop like that.",
        (
            Requirement("customers with 2 or more orders", lambda c: c.n_returning, 30, 200),
            Requirement(REPEATED, lambda c: c.repeat_share, 0.02, 0.05, True),
            Requirement(HISTORY, lambda c: c.months_of_history, 2, 6),
        ),
    ),
    Family(
        "Matrix factorisation",
        "What customers alike have bought and this one has not",
        "Enough customers share enough products to learn tastes from purchases alone.",
        (
            Requirement(RICH_CUSTOMERS, lambda c: c.n_rich_customers, 100, 400),
            Requirement(RICH_PRODUCTS, lambda c: c.n_rich_products, 50, 300),
            Requirement("of all customer–product pairs bought", lambda c: c.density or 0.0, 0.0002, 0.001, True),
        ),
    ),
    Family(
        "Content-based",
        "Products like those a customer buys, new ones included",
        "The products are described well enough to be compared without anybody having bought them.",
        (
            Requirement(DESCRIBED, lambda c: c.description_coverage, 0.5, 0.8, True),
            Requirement("customers who bought something", lambda c: c.n_buyers, 20, 100),
        ),
    ),
    Family(
        "Hybrid",
        "Tastes from purchases, new products from their descriptions",
        "There are purchases to learn tastes from and descriptions to reach the products nobody has bought.",
        (
            Requirement(RICH_CUSTOMERS, lambda c: c.n_rich_customers, 100, 400),
            Requirement(RICH_PRODUCTS, lambda c: c.n_rich_products, 50, 300),
            Requirement(DESCRIBED, lambda c: c.description_coverage, 0.3, 0.6, True),
        ),
    ),
    Family(
        "Neural",
        "Tastes that bend: many small signals together",
        "There is as much to learn from as where nets were shown to beat tuned linear models.",
        (
            Requirement(RICH_CUSTOMERS, lambda c: c.n_rich_customers, 1_000, 5_000),
            Requirement("customer–product pairs", lambda c: c.n_pairs, 100_000, 500_000),
            Requirement(RICH_PRODUCTS, lambda c: c.n_rich_products, 300, 1_000),
        ),
    ),
    Family(
        "From what customers look at",
        "What a visitor wants now, before buying",
        "Enough customers leave traces of what they look at before they buy.",
        (Requirement("customers with page, cart or search events", lambda c: c.n_browsing_customers, 50, 500),),
    ),
    Family(
        "Segments",
        "Groups of customers who buy alike",
        "Enough customers with a history to tell groups apart and to see them again in a second sample.",
        (
            Requirement("customers who bought something", lambda c: c.n_buyers, 100, 500),
            Requirement("customers with 2 or more orders", lambda c: c.n_returning, 50, 250),
            Requirement(HISTORY, lambda c: c.months_of_history, 1, 3),
        ),
    ),
    Family(
        "Reception of campaigns",
        "Who will take an offer, and how many",
        "Enough campaigns have ended to learn from them and to know how wrong such forecasts are.",
        (
            Requirement("campaigns that have ended", lambda c: c.n_campaigns_finished, 5, 9),
            Requirement("redemptions", lambda c: c.n_redemptions, 50, 300),
        ),
    ),
    Family(
        "Lifetime value",
        "Who still is a customer, and what they will spend",
        "Enough customers came back, over a time long enough to see who did not.",
        (
            Requirement("customers with 2 or more orders", lambda c: c.n_returning, 100, 500),
            Requirement(HISTORY, lambda c: c.months_of_history, 6, 9),
        ),
    ),
)
