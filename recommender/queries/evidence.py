"""What speaks for a relation, as one or two sentences."""

from collections.abc import Callable, Mapping
from typing import Any

from recommender.models import ProductRelation

Kind = ProductRelation.Kind
Evidence = Mapping[str, Any]


def sentence(kind: str, evidence: Evidence) -> str:
    """Evidence in words; nothing where none is known, as for a relation that only a person named."""
    if evidence.get("pinned"):
        return evidence.get("reason") or "Somebody said so."
    if "orders_together" not in evidence:
        return ""
    return SENTENCES[kind](evidence)


def _similar(evidence: Evidence) -> str:
    return f"Bought in the same company. Of its {evidence['other_orders']:,} orders, {_both(evidence)}."


def _substitute(evidence: Evidence) -> str:
    if "moves" not in evidence:
        return _similar(evidence)
    moved = "Nobody has moved to it so far, but it is the nearest by what is bought"
    if evidence["moves"]:
        moved = f"{_times(evidence['moves'])} a customer took it instead the next time, {_back(evidence)}"
    chance = f"{evidence['orders_expected']:,.0f} by chance"
    return f"{moved}. {_both(evidence).capitalize()}, where {chance} would.{_price(evidence)}"


def _complement(evidence: Evidence) -> str:
    return (
        f"{evidence['orders_together']:,} orders hold both: {evidence['lift']:.1f} times as many as by chance, "
        f"surely at least {evidence['lift_low']:.1f} times."
    )


def _upsell(evidence: Evidence) -> str:
    chance = f"{evidence['moves_expected']:,.0f} by chance"
    return (
        f"{_times(evidence['moves'])} a customer moved up to it, where {chance} would; "
        f"{_back(evidence)}.{_price(evidence)}"
    )


def _times(n: int) -> str:
    return "Once" if n == 1 else f"{n:,} times"


def _back(evidence: Evidence) -> str:
    back = evidence["moves_back"]
    return f"{_times(back).lower()} the other way" if back else "never the other way"


def _both(evidence: Evidence) -> str:
    n = evidence["orders_together"]
    return "none holds both" if not n else f"{n:,} {'holds' if n == 1 else 'hold'} both"


def _price(evidence: Evidence) -> str:
    ratio = evidence.get("price_ratio")
    if ratio is None:
        return ""
    more = round(100 * (ratio - 1))
    if abs(more) < 3:
        return " It costs about as much."
    return f" It costs {abs(more)}% {'more' if more > 0 else 'less'}."


SENTENCES: dict[str, Callable[[Evidence], str]] = {
    Kind.SIMILAR: _similar,
    Kind.SUBSTITUTE: _substitute,
    Kind.COMPLEMENT: _complement,
    Kind.UPSELL: _upsell,
}
