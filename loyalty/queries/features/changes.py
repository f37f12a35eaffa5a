"""Which version of the data a table is in: a statement that changes it leaves a mark, seen when it is committed."""

from collections.abc import Collection

from django.db import connection

MARKS = """
SELECT source, sum(n)::bigint, max(id) FROM loyalty_datachange WHERE source = ANY(%s) GROUP BY source ORDER BY source
"""
DATABASE = "SELECT system_identifier::text || '/' || current_database() FROM pg_control_system()"


def data_version(tables: Collection[str]) -> str:
    """Changes with every committed statement that touched one of the tables, however late and by whatever way."""
    with connection.cursor() as cursor:
        cursor.execute(DATABASE)
        database = cursor.fetchone()[0]
        cursor.execute(MARKS, [sorted(tables)])
        return f"{database} {cursor.fetchall()}"
