"""What the tables hold: how much, from when to when, how fresh, how full, what customers do.

Counted in full by a job and kept in a report: a page reads one row, and every number on it is of the same moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Model, Q

from loyalty.engine.freshness import pace
from loyalty.models import Consent, Customer, Interaction, Order, Product, Rating, Review
from loyalty.queries.frames import copy_frame


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table, the moment its rows tell of, what tells its sources apart; `kind` is the import that fills it."""

    model: type[Model]
    kind: str
    moment: str
    by: str

    @property
    def name(self) -> str:
        return str(self.model._meta.verbose_name_plural).capitalize()


SOURCES = (
    Source(model=Order, kind="orders", moment="ordered_at", by="channel"),
    Source(model=Interaction, kind="interactions", moment="occurred_at", by="source"),
    Source(model=Rating, kind="ratings", moment="rated_at", by="source"),
    Source(model=Review, kind="reviews", moment="reviewed_at", by="source"),
    Source(model=Consent, kind="consents", moment="at", by="source"),
)
EMPTY = {
    Product: {
        "name": Q(name=""),
        "category": Q(category=None),
        "brand": Q(brand=""),
        "price": Q(price=None),
        "cost": Q(cost=None),
        "text": Q(text=""),
    },
    Customer: {
        "name": Q(name=""),
        "age group": Q(age_group=""),
        "gender": Q(gender=""),
        "income band": Q(income_band=""),
        "household size": Q(household_size=""),
        "location": Q(location=""),
        "joined on": Q(joined_on=None),
    },
    Order: {"customer": Q(customer=None), "store": Q(store="")},
    Interaction: {"product": Q(product=None), "session": Q(session=""), "channel": Q(channel="")},
}
SPANS = """
SELECT {by}, count(*), min({moment}), max({moment}) FROM {table} WHERE {moment} < %(as_of)s GROUP BY 1 ORDER BY 2 DESC
"""
DAYS = """
SELECT DISTINCT ({moment} AT TIME ZONE %(zone)s)::date - DATE '1970-01-01' AS day FROM {table}
WHERE {moment} < %(as_of)s
"""
WEEKS = """
SELECT date_trunc('week', ordered_at AT TIME ZONE %(zone)s)::date AS week, count(*) FROM loyalty_order
WHERE ordered_at < %(as_of)s GROUP BY 1
"""
SOURCES_SHOWN = 6


def data_audit(*, models: Sequence[type[Model]], as_of: datetime) -> dict[str, Any]:
    """Look at the tables as they were known before `as_of`; count the rows of `models`. Goes into a report as it is."""
    return {
        "sizes": [_size(model) for model in models],
        "spans": [span for source in SOURCES for span in _spans(source, as_of)],
        "freshness": [_freshness(source, as_of) for source in SOURCES],
        "gaps": [gap for model, conditions in EMPTY.items() for gap in _gaps(model, conditions)],
        "weeks": _weeks(as_of),
        "types": _types(as_of),
        "n_unknown_products": Product.objects.filter(is_catalogued=False).count(),
    }


def _size(model: type[Model]) -> dict[str, Any]:
    name = str(model._meta.verbose_name_plural).capitalize()
    return {"name": name, "n_rows": model._default_manager.count()}


def _statement(sql: str, source: Source) -> str:
    return sql.format(by=source.by, moment=source.moment, table=source.model._meta.db_table)


def _spans(source: Source, as_of: datetime) -> list[dict[str, Any]]:
    """From when to when each source tells, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(SPANS, source), {"as_of": as_of})
        found = cursor.fetchmany(SOURCES_SHOWN)
    return [
        {"name": source.name, "source": by, "n_rows": n, "first_at": first.isoformat(), "last_at": last.isoformat()}
        for by, n, first, last in found
    ]


def _freshness(source: Source, as_of: datetime) -> dict[str, Any]:
    days = copy_frame(_statement(DAYS, source), {"as_of": as_of, "zone": settings.TIME_ZONE})
    newest = source.model._default_manager.filter(**{f"{source.moment}__lt": as_of}).aggregate(at=Max(source.moment))
    usual = pace(days["day"].to_numpy())
    return {
        "name": source.name,
        "kind": source.kind,
        "newest_at": newest["at"].isoformat() if newest["at"] else None,
        "usual_days": usual.usual_days,
        "late_after_days": usual.late_after_days,
    }


def _gaps(model: type[Model], conditions: dict[str, Q]) -> list[dict[str, Any]]:
    """One pass over a table for all its columns; nothing for an empty table."""
    counts = {f"gap_{number}": Count("pk", filter=condition) for number, condition in enumerate(conditions.values())}
    n_rows, *n_empty = model._default_manager.aggregate(n_rows=Count("pk"), **counts).values()
    table = str(model._meta.verbose_name_plural).capitalize()
    return [
        {"table": table, "column": column, "n_empty": n, "n_rows": n_rows}
        for column, n in zip(conditions, n_empty, strict=True)
        if n_rows
    ]


def _weeks(as_of: datetime) -> list[tuple[str, int]]:
    """Orders a week, by its Monday; a week without one is there with a zero."""
    with connection.cursor() as cursor:
        cursor.execute(WEEKS, {"as_of": as_of, "zone": settings.TIME_ZONE})
        counted: dict[date, int] = dict(cursor.fetchall())
    if not counted:
        return []
    mondays = [date.fromordinal(day) for day in range(min(counted).toordinal(), max(counted).toordinal() + 1, 7)]
    return [(monday.isoformat(), counted.get(monday, 0)) for monday in mondays]


def _types(as_of: datetime) -> list[dict[str, Any]]:
    """What customers do, the most frequent first."""
    found = Interaction.objects.filter(occurred_at__lt=as_of).values("type")
    counted = found.annotate(n=Count("pk"), newest=Max("occurred_at")).order_by("-n", "type")
    return [{"type": row["type"], "n_rows": row["n"], "newest_at": row["newest"].isoformat()} for row in counted]
