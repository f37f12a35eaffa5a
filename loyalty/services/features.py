"""What is written about features: old marks of changes added up."""

from django.db import connection, transaction

# The newest mark of a table stays, and takes over the others: neither sum nor newest key, the data's version, moves.
ADD_UP = """
WITH newest AS (
    SELECT source, max(id) AS id FROM loyalty_datachange GROUP BY source
), gone AS (
    DELETE FROM loyalty_datachange d USING newest WHERE d.source = newest.source AND d.id < newest.id
    RETURNING d.source, d.n
), sums AS (
    SELECT source, sum(n) AS n FROM gone GROUP BY source
)
UPDATE loyalty_datachange d SET n = d.n + sums.n FROM newest JOIN sums USING (source) WHERE d.id = newest.id
"""


@transaction.atomic
def add_up_changes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ADD_UP)
