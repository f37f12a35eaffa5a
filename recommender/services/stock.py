"""Write down what stands in for products that are out of stock, and when that ended."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from loyalty.models import Product
from recommender.models import StockReplacement
from recommender.queries.stock import OUT_OF_STOCK
from recommender.queries.substitutes import Substitute, ranked_substitutes

LOCK = 1_926_301
ROWS_PER_INSERT = 1000


@dataclass(frozen=True)
class Replaced:
    """How many entries of the log were begun and ended."""

    n_begun: int
    n_ended: int


@transaction.atomic
def replace_what_is_out(at: datetime) -> Replaced:
    """Bring the log up to date with the stock; the same moment twice changes nothing."""
    _take_turns()
    best = {product_id: next(iter(ranked), None) for product_id, ranked in _ranked().items()}
    open_now = list(StockReplacement.objects.filter(until=None))
    over = [one for one in open_now if not _still_holds(one, best)]
    StockReplacement.objects.filter(pk__in=[one.pk for one in over]).update(until=at)
    going_on = {one.product_id for one in open_now} - {one.product_id for one in over}
    out_since = {one.product_id: one.out_since for one in over}
    new = list(_entries({key: one for key, one in best.items() if key not in going_on}, out_since, at))
    StockReplacement.objects.bulk_create(new, batch_size=ROWS_PER_INSERT)
    return Replaced(len(new), len(over))


def _take_turns() -> None:
    """Two at once would begin the same entries; the second waits and finds nothing left to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _ranked() -> dict[int, list[Substitute]]:
    out = list(Product.objects.filter(OUT_OF_STOCK).order_by("pk").values_list("pk", flat=True))
    ranked = ranked_substitutes(out) if out else {}
    return {product_id: ranked.get(product_id, []) for product_id in out}


def _still_holds(one: StockReplacement, best: Mapping[int, Substitute | None]) -> bool:
    if one.product_id not in best:
        return False
    now = best[one.product_id]
    return one.substitute_id == (now.product_id if now else None)


def _entries(
    best: Mapping[int, Substitute | None], out_since: Mapping[int, datetime], at: datetime
) -> Iterator[StockReplacement]:
    for product_id, one in best.items():
        yield StockReplacement(
            product_id=product_id,
            substitute_id=one.product_id if one else None,
            kind=one.kind if one else "",
            evidence=dict(one.evidence) if one else {},
            out_since=out_since.get(product_id, at),
            since=at,
        )
