"""How far a new product lies outside everything that was sold: then its interval widens and says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.engine.attributes import Attributes

# Added to the variance of the launch effect for each way in which a product is unlike all others. As much again as
# launches stray on The Complete Journey, where the variance is one half.
VARIANCE_A_WAY = 0.5
# Half as much again as the dearest that was seen, or less than two thirds of the cheapest, is outside.
STRETCH = 1.5


class NothingLikeIt(Exception):
    """Nothing that is known of the product was ever sold here; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing of the kind was ever sold here: neither its category nor its brand is known. A forecast would be "
            "a guess. Choose a category that the shop has, or sell it to a few customers first."
        )


@dataclass(frozen=True)
class Novelty:
    """Ways in which a product is unlike everything seen, each a sentence."""

    outside: tuple[str, ...]

    @property
    def variance(self) -> float:
        """What the launch effect widens by."""
        return VARIANCE_A_WAY * len(self.outside)


def novelty(
    catalogue: Attributes, facts: Attributes, ladder: Sequence[str], *, maker: str, price: str = "price"
) -> Novelty:
    """Look for what is new about a product.

    Parameters
    ----------
    catalogue : Attributes
        Of every product ever sold.
    facts : Attributes
        Of the new product, one row.
    ladder : sequence of str
        Kinds of label that say what it is, the narrowest first.
    maker, price : str
        The label that says whose it is, and the number that says what it costs.

    Raises
    ------
    NothingLikeIt
        When none of its labels is known.
    """
    narrowest = next((kind for kind in ladder if _value(facts, kind)), "")
    widest = next((kind for kind in reversed(ladder) if _value(facts, kind)), "")
    knows_kind = bool(narrowest) and _seen(catalogue, facts, narrowest)
    knows_maker = _seen(catalogue, facts, maker)
    if not knows_maker and not (widest and _seen(catalogue, facts, widest)):
        raise NothingLikeIt
    outside = []
    if not knows_kind:
        outside.append("No product of this category was sold before.")
    if _value(facts, maker) and not knows_maker:
        outside.append("No product of this brand was sold before.")
    outside += _dearness(catalogue, facts, narrowest if knows_kind else "", price)
    return Novelty(tuple(outside))


def _value(facts: Attributes, kind: str) -> str:
    return str(facts.labels[kind][0]) if kind in facts.labels else ""


def _seen(catalogue: Attributes, facts: Attributes, kind: str) -> bool:
    value = _value(facts, kind)
    return bool(value) and kind in catalogue.labels and bool((catalogue.labels[kind] == value).any())


def _dearness(catalogue: Attributes, facts: Attributes, kind: str, price: str) -> list[str]:
    if price not in catalogue.numbers or price not in facts.numbers or not kind:
        return []
    asked = float(facts.numbers[price][0])
    paid = catalogue.numbers[price][catalogue.labels[kind] == _value(facts, kind)]
    paid = paid[~np.isnan(paid)]
    if np.isnan(asked) or not len(paid):
        return []
    low, high = float(paid.min()), float(paid.max())
    seen = f"products of this category cost {low:,.2f} to {high:,.2f}"
    if asked > STRETCH * high:
        return [f"Its price is far above what was seen: {seen}."]
    if asked < low / STRETCH:
        return [f"Its price is far below what was seen: {seen}."]
    return []
