"""Lists as they are given out: remembered while nothing they depend on changes, and written down under a number.

What is remembered is kept in this process and compared with the state of the database in the one question that every
request asks anyway. So a purchase, a change of stock or of consent ends a list at once, by whatever way it came, in
all processes, and nothing has to be told to anybody.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from recommender.models import ServedList
from recommender.models.placements import Placement
from recommender.queries import online as queries
from recommender.services.online import Served, made_list, placement_named

REMEMBERED = 10_000
# Reasons tell days, and what most customers buy drifts.
HOLDS = timedelta(minutes=10)
KEPT = timedelta(days=90)
# No request waits for the disk: a machine that loses its power may lose the last moments of this log.
WRITE_DOWN = """
SET LOCAL synchronous_commit = off;
INSERT INTO recommender_servedlist
    (id, customer_id, placement, source, model_version_id, product_ids, session, served_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
Key = tuple[int, str, int | None, tuple[str, ...]]


class NoSuchCustomer(Exception):
    """Nobody has this key."""


@dataclass(frozen=True)
class Given:
    """A list with the number under which it is written down; an empty one has none."""

    served: Served
    recommendation_id: uuid.UUID | None


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


def give_list(
    *, customer_key: str, placement: str, k: int | None = None, session: Sequence[str] = (), at: datetime
) -> Given:
    """The list for a customer in one place; the same one for a while. Raises NoSuchCustomer, NoSuchPlacement."""
    place = placement_named(placement)
    asked = queries.asked_by_key(customer_key)
    if asked is None:
        raise NoSuchCustomer(f"There is no customer {customer_key}.")
    key = (asked.customer_id, placement, k, tuple(session))
    remembered = memory.get(key, asked.state, at)
    if remembered is not None:
        return remembered
    served = made_list(asked, place, at, k=k, session=session)
    given = Given(served, _written_down(served, place, session, at) if served.items else None)
    memory.put(key, asked.state, min(at + HOLDS, served.holds_until or at + HOLDS), given)
    return given


def _written_down(served: Served, placement: Placement, session: Sequence[str], at: datetime) -> uuid.UUID:
    number = uuid.uuid4()
    version = served.version.id if served.version else None
    products = [one.product.product_id for one in served.items]
    about: Sequence[Any] = [str(number), served.customer_id, placement.name, served.source, version]
    with connection.cursor() as cursor:
        # One message to the server: both statements are one transaction.
        cursor.execute(WRITE_DOWN, [*about, products, list(session), at])
    return number


def forget_lists(*, at: datetime) -> int:
    """Remove from the log what is too old to be laid beside an order."""
    n_gone, _ = ServedList.objects.filter(served_at__lt=at - KEPT).delete()
    return n_gone
