"""The kinds of record that can be imported, by name. An app above adds its own when Django starts."""

from loyalty.services.ingest.behaviour import INTERACTIONS, RATINGS
from loyalty.services.ingest.customers import CONSENTS, CUSTOMERS
from loyalty.services.ingest.kinds import RecordKind
from loyalty.services.ingest.orders import ORDERS
from loyalty.services.ingest.products import PRODUCTS
from loyalty.services.ingest.reviews import REVIEWS
from loyalty.services.ingest.rows import FileRefused

_KINDS: dict[str, RecordKind] = {}


def register_kind(kind: RecordKind) -> None:
    _KINDS[kind.name] = kind


def kinds() -> list[RecordKind]:
    """In the order in which a shop would import them."""
    return list(_KINDS.values())


def kind_named(name: str) -> RecordKind:
    if name not in _KINDS:
        raise FileRefused(f"There is no kind of record called “{name[:32]}”. Choose one of: {', '.join(_KINDS)}.")
    return _KINDS[name]


for _kind in (CUSTOMERS, PRODUCTS, ORDERS, INTERACTIONS, RATINGS, REVIEWS, CONSENTS):
    register_kind(_kind)
