"""One pass over a source table for all its features: row sets, an aggregate a feature, a FILTER a window.

Sums are of exact decimals and become floats at the very end, so the order of the rows cannot change a bit of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from loyalty.engine.features import WINDOWS, Feature

# Values of departments, brands, channels … by the name of their list, the most important first.
Words = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Reading:
    """A pass over tables.

    `rows` is a list of SQL row sets (`name AS (SELECT …)`), each with a `customer_id`; those whose features have
    windows have a moment `at`. Where customers are chosen it says `{chosen}` after their column. No row at or after
    `as_of` may be in them. `words` has, for features about single values, a SELECT of these values by importance.
    """

    tables: tuple[str, ...]
    rows: str
    features: Callable[[Words], Sequence[Feature]]
    words: Mapping[str, str] = field(default_factory=dict)


def statement(reading: Reading, features: Sequence[Feature], *, is_for_some: bool) -> str:
    """SELECT of `customer_id` and `f0`, `f1`, … of this reading's features, rows without any of them left out."""
    numbered = sorted(enumerate(features), key=lambda one: one[1].source)
    parts = {
        source: ", ".join(_column(number, feature) for number, feature in group)
        for source, group in groupby(numbered, key=lambda one: one[1].source)
    }
    added_up = [
        f"of_{source} AS (SELECT customer_id, {columns} FROM {source} GROUP BY customer_id)"
        for source, columns in parts.items()
    ]
    rows = reading.rows.format(chosen="= ANY(%(customer_ids)s)" if is_for_some else "IS NOT NULL")
    joined = " FULL JOIN ".join(
        f"of_{source}" + (" USING (customer_id)" * (number > 0)) for number, source in enumerate(parts)
    )
    columns = ", ".join(f"f{number}" for number in range(len(features)))
    return f"WITH {rows}, {', '.join(added_up)} SELECT customer_id, {columns} FROM {joined}"


def _column(number: int, feature: Feature) -> str:
    since = f"%(since_{feature.window})s" if feature.window_days else "'-infinity'::timestamptz"
    sql = feature.aggregate.format(
        since=since, window=feature.window, value=f"%(value_{number})s", as_of="%(as_of)s", zone="%(zone)s"
    )
    return f"({sql})::{'text' if feature.kind == 'category' else 'float8'} AS f{number}"


def parameters(features: Sequence[Feature], as_of: datetime) -> dict[str, Any]:
    """The begins of the windows and the values that the statement of these features names."""
    since = {f"since_{days}": as_of - timedelta(days=days) for days in WINDOWS if days}
    return {**since, **{f"value_{number}": feature.value for number, feature in enumerate(features)}}
