"""Who a list is asked for, and the state of everything that it depends on; with a key also who asks, in one question.

By hand and not through the ORM: one of these is asked with every request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from loyalty.queries.callers import CALLER, SPENT, TYPES
from loyalty.queries.marks import SHELF, STAMP, stamp_of
from loyalty.queries.prepared import Prepared

RULINGS = "recommender_productruling"
WITH_KEY = """
COALESCE((SELECT customer_id FROM loyalty_customeralias WHERE external_id = %(key)s),
         (SELECT id FROM loyalty_customer WHERE external_id = %(key)s))
"""
OTHERS = STAMP.format(sources=f"'{SHELF}', '{RULINGS}'")
STATE = f"""
    c.id, c.external_id,
    COALESCE({stamp_of("c.id")}, '') AS stamp,
    COALESCE({OTHERS}, '') AS others,
    (SELECT max(s.id) FROM recommender_shortlist s WHERE s.customer_id = c.id) AS shortlist_id,
    v.id AS version_id, r.id AS run_id
"""  # noqa: S608 - our own words
IN_USE = """
LEFT JOIN recommender_modelversion v ON v.purpose = 'recommendation' AND v.alias = 'champion'
LEFT JOIN LATERAL (
    SELECT id FROM recommender_scoringrun WHERE model_version_id = v.id ORDER BY id DESC LIMIT 1
) r ON true
"""
ASKED = f"SELECT {STATE} FROM loyalty_customer c {IN_USE} WHERE c.id ="  # noqa: S608 - our own words
BY_ID = Prepared("list_asked_by_id", f"{ASKED} %(id)s", id="bigint")
BY_KEY = Prepared("list_asked_by_key", f"{ASKED} {WITH_KEY}", key="text")
# A caller who may not, has no calls left or asks about nobody gets no row, and is not counted for it.
CALLED = Prepared(
    "list_called",
    f"""
WITH caller AS ({CALLER}),
asked AS (SELECT id, external_id FROM loyalty_customer WHERE id = {WITH_KEY}),
spent AS ({SPENT.format(asked="caller, asked")})
SELECT caller.id, caller.last_used_at, own.ahead, of_all.ahead, {STATE}
FROM caller, asked c
JOIN spent own ON own.is_own JOIN spent of_all ON NOT of_all.is_own {IN_USE}
""",  # noqa: S608 - our own words
    writes_lazily=True,
    key="text",
    **TYPES,
)


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


class Called(NamedTuple):
    """A call that a key may make, counted: seconds until its own bucket and that of its person are full again."""

    key_id: int
    last_used_at: datetime | None
    ahead: float
    ahead_of_all: float
    asked: Asked


def asked_by_key(key: str) -> Asked | None:
    """The customer with this key, also one it had before it was merged."""
    found = BY_KEY.row(key=key)
    return Asked(*found) if found else None


def asked_by_id(customer_id: int) -> Asked | None:
    found = BY_ID.row(id=customer_id)
    return Asked(*found) if found else None


def called(key: str, caller: Mapping[str, Any]) -> Called | None:
    """The customer with this key as `asked_by_key`, for a `caller` who may ask. Nothing else tells why not."""
    found = CALLED.row(key=key, **caller)
    if found is None:
        return None
    key_id, last_used_at, ahead, ahead_of_all, *asked = found
    return Called(key_id, last_used_at, ahead, ahead_of_all, Asked(*asked))
