"""Stop a worker in the middle of its transaction, so that it can be killed there."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.db.models import Model

from tests.conftest import database_url


@contextmanager
def locked(model: type[Model]) -> Iterator[None]:
    """Nobody can write this table until the end of the block."""
    session = psycopg2.connect(database_url())
    try:
        session.cursor().execute(f"LOCK TABLE {model._meta.db_table} IN SHARE MODE")
        yield
    finally:
        session.close()
