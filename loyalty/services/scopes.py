"""What a key may be allowed: a noun of the API's addresses and a right, `customers:write`, said in plain words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loyalty.models.keys import ALL
from loyalty.services.ingest import kinds

READ, WRITE = "read", "write"
# Lists of the API; the upper apps are named as strings, because loyalty does not know them.
READABLE = {
    "customers": "customers",
    "products": "products",
    "orders": "orders",
    "jobs": "jobs",
    "segments": "segments and who is in them",
    "campaigns": "campaigns",
    "audiences": "audiences and who is in them",
    "incentive-plans": "which benefit is enough for whom",
    "simulations": "simulations",
    "trials": "finished trials and what they say",
    "offer-assignments": "next best offers of customers",
    "recommendations": "recommendations",
}


@dataclass(frozen=True)
class Scope:
    """One line of the choice: `name` is kept with the key, `words` is what people read."""

    name: str
    words: str


def noun_of(kind_name: str) -> str:
    """The kind's word in addresses: offer_products is /offer-products/."""
    return kind_name.replace("_", "-")


def scopes() -> list[Scope]:
    """Everything a key can be allowed, the widest first."""
    return [
        Scope(f"{ALL}:{READ}", "Read everything that you may read"),
        Scope(f"{ALL}:{WRITE}", "Bring in and change everything that you may change"),
        *(Scope(f"{noun}:{READ}", f"Read {words}") for noun, words in READABLE.items()),
        *_writable(),
    ]


def _writable() -> Iterator[Scope]:
    yield Scope(f"segments:{WRITE}", "Make segments by rule and refresh them")
    yield Scope(f"simulations:{WRITE}", "Compare plans of a simulation and apply one")
    yield Scope(f"incentive-plans:{WRITE}", "Find which benefit is enough for whom")
    for kind in kinds():
        yield Scope(f"{noun_of(kind.name)}:{WRITE}", f"Bring in and change {kind.label[:1].lower()}{kind.label[1:]}")


def in_words(names: Iterable[str]) -> list[str]:
    """What a key may do. A scope that an earlier version knew is told by its name."""
    words = {scope.name: scope.words for scope in scopes()}
    return [words.get(name, name) for name in names]
