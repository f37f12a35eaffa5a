"""How to speak of what is known of a customer before a campaign: labels, units, and both sides of a limit."""

import re
from dataclasses import dataclass
from typing import Literal

from loyalty.engine.plain_trees import PlainFact

Unit = Literal["times", "days", "money", "share"]


@dataclass(frozen=True)
class Word:
    """A fact about customers and how it is said; `{}` is a number, and `none` is said of those who have nothing."""

    name: str
    label: str
    unit: Unit
    above: str
    below: str
    none: str = ""
    some: str = ""

    @property
    def fact(self) -> PlainFact:
        return PlainFact(self.name, self.above, self.below)


_ALL = (
    Word(
        "recency_days",
        "Days since the last order",
        "days",
        "last shopped more than {} days ago",
        "shopped within {} days",
    ),
    Word(
        "orders",
        "Orders",
        "times",
        "more than {} orders so far",
        "{} orders at most so far",
        "has not ordered yet",
        "has ordered before",
    ),
    Word(
        "orders_90",
        "Orders in 90 days",
        "times",
        "more than {} orders in 90 days",
        "{} orders at most in 90 days",
        "no order in 90 days",
        "ordered in the last 90 days",
    ),
    Word(
        "orders_30",
        "Orders in 30 days",
        "times",
        "more than {} orders in 30 days",
        "{} orders at most in 30 days",
        "no order in 30 days",
        "ordered in the last 30 days",
    ),
    Word("spend", "Spend", "money", "spent more than {}", "spent {} at most"),
    Word(
        "spend_90",
        "Spend in 90 days",
        "money",
        "spent more than {} in 90 days",
        "spent {} at most in 90 days",
        "spent nothing in 90 days",
    ),
    Word(
        "spend_30",
        "Spend in 30 days",
        "money",
        "spent more than {} in 30 days",
        "spent {} at most in 30 days",
        "spent nothing in 30 days",
    ),
    Word(
        "coupon_orders",
        "Orders with a coupon",
        "times",
        "used coupons in more than {} orders",
        "used coupons in {} orders at most",
        "never used a coupon",
        "used a coupon before",
    ),
    Word(
        "coupon_orders_90",
        "Orders with a coupon in 90 days",
        "times",
        "used coupons in more than {} orders in 90 days",
        "used coupons in {} orders at most in 90 days",
        "used no coupon in 90 days",
        "used a coupon in 90 days",
    ),
    Word(
        "coupon_order_share",
        "Share of orders with a coupon",
        "share",
        "used coupons in more than {} of orders",
        "used coupons in {} of orders at most",
    ),
    Word(
        "coupon_discount",
        "Saved by coupons",
        "money",
        "saved more than {} by coupons",
        "saved {} at most by coupons",
        "saved nothing by coupons",
    ),
    Word(
        "redemptions",
        "Offers used",
        "times",
        "used offers more than {} times",
        "used offers {} times at most",
        "never used an offer",
        "used an offer before",
    ),
    Word(
        "redemptions_90",
        "Offers used in 90 days",
        "times",
        "used offers more than {} times in 90 days",
        "used offers {} times at most in 90 days",
        "used no offer in 90 days",
        "used an offer in 90 days",
    ),
    Word(
        "campaigns_taken",
        "Campaigns taken",
        "times",
        "took more than {} campaigns",
        "took {} campaigns at most",
        "never took a campaign",
        "took a campaign before",
    ),
    Word(
        "campaigns_received",
        "Campaigns received",
        "times",
        "was sent more than {} campaigns",
        "was sent {} campaigns at most",
        "was never sent a campaign",
        "was sent a campaign before",
    ),
    Word(
        "taken_share",
        "Share of campaigns taken",
        "share",
        "took more than {} of the campaigns sent",
        "took {} of the campaigns sent at most",
    ),
    Word(
        "promoted_lines",
        "Bought these products",
        "times",
        "bought these products more than {} times",
        "bought these products {} times at most",
        "never bought these products",
        "bought these products before",
    ),
    Word(
        "promoted_coupon_lines",
        "Bought these products with a coupon",
        "times",
        "bought these products with a coupon more than {} times",
        "bought these products with a coupon {} times at most",
        "never bought these products with a coupon",
        "bought these products with a coupon before",
    ),
    Word(
        "promoted_share",
        "Share of spend on these products",
        "share",
        "spent more than {} of their money on these products",
        "spent {} of their money at most on these products",
    ),
    Word(
        "alike_lines",
        "Bought products like these",
        "times",
        "bought products like these more than {} times",
        "bought products like these {} times at most",
        "never bought products like these",
        "bought products like these before",
    ),
    Word(
        "alike_coupon_lines",
        "Bought products like these with a coupon",
        "times",
        "bought products like these with a coupon more than {} times",
        "bought products like these with a coupon {} times at most",
        "never bought products like these with a coupon",
        "bought products like these with a coupon before",
    ),
    Word(
        "alike_share",
        "Share of spend on products like these",
        "share",
        "spent more than {} of their money on products like these",
        "spent {} of their money at most on products like these",
    ),
)
WORDS = {word.name: word for word in _ALL}
# Not the end of 21 or 1,001.
ONE_TIME, ONE_THING = (re.compile(rf"(?<![\d,.])1 {what}\b") for what in ("times", "(order|campaign|offer|day)s"))


def said(fact: PlainFact, is_above: bool, limit: float) -> str:
    """Say one side of a limit; counts and days are whole, so more than 2.5 times is more than 2."""
    word = WORDS[fact.name]
    if limit < 1 and word.none and word.unit != "share":
        nothing_more = word.some or word.above.format(_written(word, limit))
        return nothing_more if is_above else word.none
    return _of_one((word.above if is_above else word.below).format(_written(word, limit)))


def _of_one(sentence: str) -> str:
    """Once, and one order, where there is but one."""
    once = ONE_TIME.sub("once", sentence)
    return ONE_THING.sub(r"1 \1", once)


def _written(word: Word, limit: float) -> str:
    if word.unit == "share":
        return f"{100 * limit:.0f}%" if limit >= 0.1 else f"{100 * limit:.1f}%"
    return f"{int(limit):,}"
