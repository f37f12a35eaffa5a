"""What a request for one customer's list has to know, in as few questions to the database as possible.

By hand and not through the ORM: each of them is asked with every request, so the server plans them once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.queries.prepared import Prepared

SAID = "customer_id = %(customer)s AND purpose = %(purpose)s AND channel = %(channel)s"
# The version in use first; while its shards are still being written, the version before it.
KNOWN = Prepared(
    "list_known",
    f"""
SELECT s.id, s.model_version_id, s.label, s.algorithm, s.product_ids, s.because_ids, s.times_bought, s.last_bought_on,
    s.done_with_ids, s.traits, s.new_ids, s.stamp,
    (SELECT state FROM loyalty_consent WHERE {SAID} AND at <= %(at)s ORDER BY at DESC, id DESC LIMIT 1),
    (SELECT min(at) FROM loyalty_consent WHERE {SAID} AND at > %(at)s),
    ARRAY(SELECT product_id FROM recommender_productruling
          WHERE verdict = 'pinned' AND placement = %(placement)s ORDER BY at DESC, id DESC),
    ARRAY(SELECT p.id FROM unnest(%(session)s) WITH ORDINALITY looked_at (sku, place)
          JOIN loyalty_product p USING (sku) ORDER BY place)
FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT s.*, v.label, v.algorithm FROM recommender_shortlist s
    JOIN recommender_modelversion v ON v.id = s.model_version_id
    WHERE s.customer_id = %(customer)s AND v.purpose = 'recommendation'
    ORDER BY (v.alias = 'champion') DESC, s.id DESC LIMIT 1
) s ON true
""",  # noqa: S608 - our own words
    customer="bigint",
    placement="text",
    purpose="text",
    channel="text",
    at="timestamptz",
    session="text[]",
)
# What stands in for a product that is out of stock is in the log, and is told along; where it is not yet,
# `substitutes` knows.
FACTS = Prepared(
    "list_facts",
    """
WITH wanted AS (SELECT unnest(%(products)s) AS id),
stands_in AS (
    SELECT l.id, l.product_id, l.substitute_id FROM recommender_stockreplacement l JOIN wanted w ON w.id = l.product_id
    WHERE l.until IS NULL
)
SELECT p.id, p.sku, p.name, p.category_id, COALESCE(p.stock, 1) <= 0,
    EXISTS (SELECT FROM recommender_productruling r WHERE r.product_id = p.id AND r.verdict = 'blocked'),
    l.id IS NOT NULL, l.substitute_id
FROM (SELECT id FROM wanted UNION SELECT substitute_id FROM stands_in) one JOIN loyalty_product p ON p.id = one.id
LEFT JOIN stands_in l ON l.product_id = p.id AND p.stock <= 0
""",
    products="bigint[]",
)
BOUGHT = Prepared(
    "list_bought",
    """
SELECT l.product_id, count(*), (max(o.ordered_at) AT TIME ZONE 'UTC')::date
FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
WHERE o.customer_id = %(customer)s AND l.quantity > 0 GROUP BY l.product_id ORDER BY max(o.ordered_at), l.product_id
""",
    customer="bigint",
)


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
    """What is known of a customer for one placement: shortlist, last word on consent, when the next one holds.

    `pinned_ids` are the products that people pinned there, `seen_ids` those of the session, where they exist.
    """

    stored: Stored | None
    consent: str | None
    consent_changes_at: datetime | None
    pinned_ids: list[int]
    seen_ids: list[int]


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


def known_of(
    customer_id: int, *, placement: str, purpose: str, channel: str, session: Sequence[str], at: datetime
) -> Known:
    values = {"placement": placement, "purpose": purpose, "channel": channel, "session": list(session), "at": at}
    row = KNOWN.row(customer=customer_id, **values)
    assert row is not None
    *shortlist, consent, changes_at, pinned_ids, seen_ids = row
    return Known(None if shortlist[0] is None else Stored(*shortlist), consent, changes_at, pinned_ids, seen_ids)


def facts_of(product_ids: Iterable[int]) -> dict[int, Fact]:
    """Of these products, and of what stands in for them by the log."""
    wanted = [product_id for product_id in product_ids if product_id > 0]
    return {row[0]: Fact(*row) for row in FACTS.rows(products=wanted)} if wanted else {}


def bought_by(customer_id: int) -> list[Bought]:
    """All that the customer really bought, the latest last."""
    return [Bought(*row) for row in BOUGHT.rows(customer=customer_id)]
