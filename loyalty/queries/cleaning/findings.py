"""Every check in words: what was found, what is done about it, what it changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty.models import DataFlag

Check = DataFlag.Check


@dataclass(frozen=True)
class Wording:
    """How one finding is told. `name` is a check whose records are flagged, or a kind of line that is counted."""

    name: str
    group: str
    title: str
    done: str


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for, and how often it was found; `share` (0-1) is of all lines, or None."""

    name: str
    group: str
    title: str
    done: str
    n: int
    amount: float | None
    share: float | None
    is_flagged: bool


@dataclass(frozen=True)
class StandIn:
    """What stands in for the missing values of one field, and how often."""

    table: str
    field: str
    method: str
    n: int


@dataclass(frozen=True)
class Total:
    """A sum as recorded beside the same sum without what does not belong in it."""

    name: str
    before: str
    after: str
    meaning: str


LINES, TWICE, ODD, MEASURES = "Lines of a special kind", "What stands there twice", "What is far from usual", "Products"
LINE_WORDINGS = (
    Wording("nobody", LINES, "Lines without a customer", "Kept: they count for the products, for no customer."),
    Wording(
        "unknown-product", LINES, "Lines of products that the catalogue lacks", "Kept, the product has only its code."
    ),
    Wording("return", LINES, "Returns: quantity and amount below 0", "Taken off the sums; no model learns from them."),
    Wording("gift", LINES, "Gifts: pieces for nothing", "Count as pieces, not as money."),
    Wording(
        "correction", LINES, "Stock corrections: pieces taken off without money", "Left out of what customers bought."
    ),
    Wording("adjustment", LINES, "Adjustments: money that fits no pieces", "Count as money, not as pieces."),
    Wording("nothing", LINES, "Lines of 0 pieces for nothing", "Left out: nothing was bought."),
)
CHECK_WORDINGS = (
    Wording(Check.UNIT, MEASURES, "Products not counted in pieces", "Left out of the pieces counted on this page."),
    Wording(Check.NON_PRODUCT, MEASURES, "Postage, fees and the like", "Left out of the pieces counted on this page."),
    Wording(Check.REPEATED_LINE, TWICE, "The same line twice in an order", "Flagged; some were meant to be two."),
    Wording(Check.REPEATED_ORDER, TWICE, "The same order under two keys", "Flagged; take one back at its source."),
    Wording(
        Check.REPEATED_CUSTOMER, TWICE, "Customers who are probably the same", "Flagged; merge them or leave them."
    ),
    Wording(Check.QUANTITY, ODD, "Far more pieces than usual for the product", "Flagged, never taken away."),
    Wording(Check.PRICE, ODD, "A price far from what the product usually costs", "Flagged, never taken away."),
    Wording(
        Check.RESELLER,
        ODD,
        "Customers who buy like a reseller",
        "Flagged: they tilt averages, and a campaign for shoppers is not for them.",
    ),
    Wording(Check.DATE, ODD, "Dates that cannot be", "Flagged; correct them at their source."),
)
NO_LINES = {"n_lines": 0, "amount": 0.0}


def findings(numbers: Mapping[str, Any]) -> list[Finding]:
    """What a report found, in the order in which it is shown; what was looked for and not found is there with 0."""
    lines, checks = numbers.get("lines", {}), numbers.get("checks", {})
    n_lines = lines.get("all", NO_LINES)["n_lines"]
    counted = [_counted(wording, lines.get(wording.name, NO_LINES), n_lines) for wording in LINE_WORDINGS]
    flagged = [_flagged(wording, checks.get(wording.name, 0)) for wording in CHECK_WORDINGS]
    return [*counted, *flagged]


def _counted(wording: Wording, sums: Mapping[str, float], n_lines: int) -> Finding:
    n = int(sums["n_lines"])
    share = n / n_lines if n_lines else None
    return Finding(wording.name, wording.group, wording.title, wording.done, n, sums["amount"], share, False)


def _flagged(wording: Wording, n: int) -> Finding:
    return Finding(str(wording.name), wording.group, wording.title, wording.done, n, None, None, True)


def stand_ins(numbers: Mapping[str, Any]) -> list[StandIn]:
    """What was filled in, and what is only called unknown."""
    filled = [StandIn(_words(one["table"]), _words(one["field"]), one["method"], one["n"]) for one in numbers["values"]]
    unknown = [
        StandIn(_words(one["table"]), _words(one["field"]), "the word “unknown”", one["n"])
        for one in numbers["unknown"]
        if one["n"]
    ]
    return [*filled, *unknown]


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def totals(numbers: Mapping[str, Any]) -> list[Total]:
    """What cleaning changes in the sums."""
    told = numbers["totals"]
    whole = told["product_amount"]
    return [
        Total("Pieces sold", f"{told['units']:,.0f}", f"{told['pieces']:,.0f}", "without weights, litres and postage"),
        Total("Revenue", f"{told['amount']:,.2f}", f"{whole:,.2f}", "of products alone"),
        Total(
            "Revenue",
            f"{told['amount']:,.2f}",
            f"{told['amount'] - told['repeated_amount']:,.2f}",
            "if what stands there twice were there once",
        ),
    ]
