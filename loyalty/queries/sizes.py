from typing import Any

from django.db import connection, models

# Below this a count is quick, so it is exact; above, PostgreSQL's own estimate is good to a few percent.
COUNT_UP_TO = 20_000


def estimated_count(model: type[models.Model]) -> int:
    """Rows of a table without reading it; 0 or less where the database has not looked yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return int(cursor.fetchone()[0])


def bounded_count(rows: models.QuerySet[Any]) -> int:
    """The number of rows, counted no further than COUNT_UP_TO."""
    return rows.order_by()[:COUNT_UP_TO].count()
