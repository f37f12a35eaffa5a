"""Lists as they are given out: remembered while nothing they depend on changes, and written down under a number.

What is remembered is kept in this process and compared with the state of the database in the one question that every
request asks anyway. So a purchase, a change of stock or of consent ends a list at once, by whatever way it came, in
all processes, and nothing has to be told to anybody.
"""

import json
import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from loyalty.queries.prepared import Prepared
from loyalty.services.budgets import Budget
from loyalty.services.callers import Caller
from loyalty.services.keys import note_use
from recommender.models import ServedList
from recommender.queries.asked import Asked, asked_by_key, called
from recommender.services.online import Served, made_list
from recommender.services.questions import Question
from recommender.services.told import told

REMEMBERED = 10_000
# Reasons tell days, and what most customers buy drifts.
HOLDS = timedelta(minutes=10)
KEPT = timedelta(days=90)
WRITE_DOWN = Prepared(
    "list_written_down",
    """
INSERT INTO recommender_servedlist
    (id, customer_id, placement, source, model_version_id, product_ids, session, served_at)
VALUES (%(number)s, %(customer)s, %(placement)s, %(source)s, %(version)s, %(products)s, %(session)s, %(at)s)
RETURNING id
""",
    writes_lazily=True,
    number="uuid",
    customer="bigint",
    placement="text",
    source="text",
    version="bigint",
    products="bigint[]",
    session="text[]",
    at="timestamptz",
)
Key = tuple[int, str, int | None, tuple[str, ...]]
# The same for every empty list that says the same.
NOTHING_SHOWN = uuid.UUID("4d0a0f0e-6f5d-4f0e-9f6d-2c1f6f0f7c11")


class NoSuchCustomer(Exception):
    """Nobody has this key."""


@dataclass(frozen=True)
class Given:
    """A list with the number under which it is written down; an empty one has none."""

    served: Served
    recommendation_id: uuid.UUID | None

    @property
    def etag(self) -> str:
        return f'"{self.recommendation_id or uuid.uuid5(NOTHING_SHOWN, self.served.note)}"'

    @cached_property
    def told(self) -> dict[str, Any]:
        """As the API tells it."""
        return told(self.served, self.recommendation_id)

    @cached_property
    def told_as_json(self) -> bytes:
        return json.dumps(self.told, ensure_ascii=False, separators=(",", ":")).encode()


class _Memory:
    """The lists given out last, with the state they were made in."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.lock = threading.Lock()
        self.entries: OrderedDict[Key, tuple[tuple[object, ...], datetime, Given]] = OrderedDict()

    def get(self, key: Key, state: tuple[object, ...], at: datetime) -> Given | None:
        with self.lock:
            found = self.entries.get(key)
            if found is None or found[0] != state or at >= found[1]:
                return None
            self.entries.move_to_end(key)
            return found[2]

    def put(self, key: Key, state: tuple[object, ...], until: datetime, given: Given) -> None:
        with self.lock:
            self.entries[key] = state, until, given
            self.entries.move_to_end(key)
            while len(self.entries) > self.size:
                self.entries.popitem(last=False)

    def clear(self) -> None:
        with self.lock:
            self.entries.clear()


memory = _Memory(REMEMBERED)


def give_list(question: Question, *, customer_key: str, at: datetime) -> Given:
    """The list for a customer in one place; the same one for a while. Raises NoSuchCustomer."""
    asked = asked_by_key(customer_key)
    if asked is None:
        raise NoSuchCustomer(f"There is no customer {customer_key}.")
    return _given(asked, question, at)


def call_list(question: Question, caller: Caller, *, customer_key: str, at: datetime) -> tuple[Given, Budget] | None:
    """As `give_list`, and the call counted; None for one that may not be made or asks about nobody."""
    found = called(customer_key, caller.values(at))
    if found is None:
        return None
    note_use(key_id=found.key_id, last_used_at=found.last_used_at, at=at)
    return _given(found.asked, question, at), caller.budget(found.ahead, found.ahead_of_all)


def _given(asked: Asked, question: Question, at: datetime) -> Given:
    key = (asked.customer_id, question.placement.name, question.k, tuple(question.session))
    remembered = memory.get(key, asked.state, at)
    if remembered is not None:
        return remembered
    served = made_list(asked, question, at)
    given = Given(served, _written_down(served, question, at) if served.items else None)
    memory.put(key, asked.state, min(at + HOLDS, served.holds_until or at + HOLDS), given)
    return given


def _written_down(served: Served, question: Question, at: datetime) -> uuid.UUID:
    number = uuid.uuid4()
    WRITE_DOWN.rows(
        number=str(number),
        customer=served.customer_id,
        placement=question.placement.name,
        source=served.source,
        version=served.version.id if served.version else None,
        products=[one.product.product_id for one in served.items],
        session=list(question.session),
        at=at,
    )
    return number


def forget_lists(*, at: datetime) -> int:
    """Remove from the log what is too old to be laid beside an order."""
    n_gone, _ = ServedList.objects.filter(served_at__lt=at - KEPT).delete()
    return n_gone
