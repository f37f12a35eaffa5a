"""What a request for one customer's list has to know, in as few questions to the database as possible.

By hand and not through the ORM: each of them is asked with every request.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from loyalty.queries.marks import SHELF, STAMP, stamp_of

RULINGS = "recommender_productruling"
BY_KEY = """
COALESCE((SELECT customer_id FROM loyalty_customeralias WHERE external_id = %(key)s),
         (SELECT id FROM loyalty_customer WHERE external_id = %(key)s))
"""
ASKED = """
SELECT c.id, c.external_id,
    COALESCE({own}, '') AS stamp,
    COALESCE({others}, '') AS others,
    (SELECT max(s.id) FROM recommender_shortlist s WHERE s.customer_id = c.id) AS shortlist_id,
    v.id AS version_id, r.id AS run_id
FROM loyalty_customer c
LEFT JOIN recommender_modelversion v ON v.purpose = 'recommendation' AND v.alias = 'champion'
LEFT JOIN LATERAL (
    SELECT id FROM recommender_scoringrun WHERE model_version_id = v.id ORDER BY id DESC LIMIT 1
) r ON true
WHERE c.id = {customer}
"""
# The version in use first; while its shards are still being written, the version before it.
KNOWN = """
SELECT s.id, s.model_version_id, s.label, s.algorithm, s.product_ids, s.because_ids, s.times_bought, s.last_bought_on,
    s.done_with_ids, s.traits, s.new_ids, s.stamp,
    (SELECT state FROM loyalty_consent WHERE {said} AND at <= %(at)s ORDER BY at DESC, id DESC LIMIT 1),
    (SELECT min(at) FROM loyalty_consent WHERE {said} AND at > %(at)s),
    ARRAY(SELECT product_id FROM recommender_productruling
          WHERE verdict = 'pinned' AND placement = %(placement)s ORDER BY at DESC, id DESC)
FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT s.*, v.label, v.algorithm FROM recommender_shortlist s
    JOIN recommender_modelversion v ON v.id = s.model_version_id
    WHERE s.customer_id = %(customer)s AND v.purpose = 'recommendation'
    ORDER BY (v.alias = 'champion') DESC, s.id DESC LIMIT 1
) s ON true
"""
SAID = "customer_id = %(customer)s AND purpose = %(purpose)s AND channel = %(channel)s"
# What stands in for a product that is out of stock is in the log; when it is not yet, `substitutes` knows.
FACTS = """
SELECT p.id, p.sku, p.name, p.category_id, COALESCE(p.stock, 1) <= 0,
    EXISTS (SELECT 1 FROM recommender_productruling r WHERE r.product_id = p.id AND r.verdict = 'blocked'),
    l.id IS NOT NULL, l.substitute_id
FROM loyalty_product p
LEFT JOIN recommender_stockreplacement l ON l.product_id = p.id AND l.until IS NULL AND p.stock <= 0
WHERE p.id = ANY(%s)
"""
BOUGHT = """
SELECT l.product_id, count(*), (max(o.ordered_at) AT TIME ZONE 'UTC')::date
FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
WHERE o.customer_id = %s AND l.quantity > 0 GROUP BY l.product_id ORDER BY max(o.ordered_at), l.product_id
"""


@dataclass(frozen=True)
class Asked:
    """Who is asked about and the state of everything that a list depends on, as short texts to be compared."""

    customer_id: int
    external_id: str
    stamp: str
    others: str
    shortlist_id: int | None
    version_id: int | None
    run_id: int | None

    @property
    def state(self) -> tuple[object, ...]:
        return self.stamp, self.others, self.shortlist_id, self.version_id, self.run_id


@dataclass(frozen=True)
class Stored:
    """The shortlist that a version had for the customer."""

    id: int
    version_id: int
    label: str
    algorithm: str
    product_ids: list[int]
    because_ids: list[int]
    times_bought: list[int]
    last_bought_on: list[date | None]
    done_with_ids: list[int]
    traits: list[str]
    new_ids: list[int]
    stamp: str


@dataclass(frozen=True)
class Known:
    """What is known of a customer for one placement: shortlist, last word on consent and when the next one holds."""

    stored: Stored | None
    consent: str | None
    consent_changes_at: datetime | None
    pinned_ids: list[int]


@dataclass(frozen=True)
class Fact:
    """What is shown of a product, and whether it may be; what stands in for it, where that is logged already."""

    product_id: int
    sku: str
    name: str
    category_id: int | None
    is_out: bool
    is_blocked: bool
    is_logged: bool
    stand_in_id: int | None

    def __str__(self) -> str:
        return self.name or self.sku


@dataclass(frozen=True)
class Bought:
    """How often, and last when, a customer bought a product."""

    product_id: int
    times: int
    last_on: date


def asked_by_key(key: str) -> Asked | None:
    """The customer with this key, also one it had before it was merged."""
    return _asked(BY_KEY, {"key": key})


def asked_by_id(customer_id: int) -> Asked | None:
    return _asked("%(id)s", {"id": customer_id})


def _asked(customer: str, values: dict[str, Any]) -> Asked | None:
    others = STAMP.format(sources=f"'{SHELF}', '{RULINGS}'")
    found = _rows(ASKED.format(own=stamp_of("c.id"), others=others, customer=customer), values)
    return Asked(*found[0]) if found else None


def known_of(customer_id: int, *, placement: str, purpose: str, channel: str, at: datetime) -> Known:
    values = {"customer": customer_id, "placement": placement, "purpose": purpose, "channel": channel, "at": at}
    (row,) = _rows(KNOWN.format(said=SAID), values)
    *shortlist, consent, changes_at, pinned_ids = row
    return Known(None if shortlist[0] is None else Stored(*shortlist), consent, changes_at, pinned_ids)


def facts_of(product_ids: Iterable[int]) -> dict[int, Fact]:
    wanted = [product_id for product_id in product_ids if product_id > 0]
    return {row[0]: Fact(*row) for row in _rows(FACTS, [wanted])} if wanted else {}


def bought_by(customer_id: int) -> list[Bought]:
    """All that the customer really bought, the latest last."""
    return [Bought(*row) for row in _rows(BOUGHT, [customer_id])]


def products_with_skus(skus: Sequence[str]) -> list[int]:
    """Keys of these products in the same order; unknown ones are left out."""
    found = dict(_rows("SELECT sku, id FROM loyalty_product WHERE sku = ANY(%s)", [list(skus)]))
    return [found[sku] for sku in skus if sku in found]


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
