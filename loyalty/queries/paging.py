"""Keyset paging: a page begins after the last row of the page before, so depth costs nothing and rows never repeat."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
PAGE_SIZE = 50
LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of one page. `before` and `after` go into the URL as `?page=`; empty where there is nothing."""

    rows: list[Row]
    before: str
    after: str

    def __len__(self) -> int:
        return len(self.rows)


def keyset_page(rows: QuerySet[Row], *, order: str, cursor: str = "", size: int = PAGE_SIZE) -> Page[Row]:
    """Cut a page out of `rows`, sorted by `order` (`name` or `-name`, never null) and then by the key.

    A cursor that makes no sense, or was made for another order, begins at the start.
    """
    field, falling = order.lstrip("-"), order.startswith("-")
    backwards, marks = _read(cursor, order)
    down = falling != backwards
    sign = "-" if down else ""
    chosen = rows.order_by(f"{sign}{field}", f"{sign}pk")
    if marks:
        try:
            chosen = chosen.filter(_beyond(field, marks, down=down))
        except (TypeError, ValueError, ValidationError):
            backwards, marks = False, None
            chosen = rows.order_by(order, "-pk" if falling else "pk")
    found = list(chosen[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_before = has_more if backwards else bool(marks)
    has_after = bool(found) if backwards else has_more
    return Page(
        rows=found,
        before=_write("b", order, field, found[0]) if has_before and found else "",
        after=_write("a", order, field, found[-1]) if has_after and found else "",
    )


def _beyond(field: str, marks: tuple[Any, int], *, down: bool) -> Q:
    value, key = marks
    step = "lt" if down else "gt"
    if field == "pk":
        return Q(**{f"pk__{step}": key})
    return Q(**{f"{field}__{step}": value}) | Q(**{field: value, f"pk__{step}": key})


def _write(way: str, order: str, field: str, row: Model) -> str:
    value = row.pk if field == "pk" else getattr(row, field.replace("__", "_"), None)
    text = json.dumps([way, order, _plain(value), row.pk], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    """JSON has no moments and no decimals: they are written as text, which the database reads back exactly."""
    return str(value) if isinstance(value, Decimal | date | datetime) else value


def _read(cursor: str, order: str) -> tuple[bool, tuple[Any, int] | None]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        way, made_for, value, key = json.loads(urlsafe_b64decode(padded.encode()))
    except (ValueError, TypeError):
        return False, None
    fits = way in ("a", "b") and made_for == order and isinstance(key, int) and abs(key) <= LARGEST_KEY
    return (way == "b", (value, key)) if fits else (False, None)
