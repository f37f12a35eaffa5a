"""Every run of the tests has its own PostgreSQL and its own broker, from the wheels, gone when it ends.

A plugin named in pyproject.toml and not a conftest: the addresses must be there before Django reads its settings.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest

from loyalty.embedded.servers import running

_stack = ExitStack()


def _start() -> None:
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-test-"))
    # As root the server runs as somebody else, who must get to its data.
    folder.chmod(0o755)
    _stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ.update(_stack.enter_context(running(folder, {})))
    os.environ.update(VAR_DIR=str(folder), LOG_LEVEL="WARNING", TIME_ZONE="America/New_York", JOB_LEASE_SECONDS="4")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    _look_at_nothing()


def _look_at_nothing() -> None:
    """A test's rows are in a transaction that never ends well: looked at meanwhile, a full table counts as empty.

    From then on the planner joins thousands of rows one by one.
    """
    database = psycopg2.connect(os.environ["DATABASE_URL"])
    database.autocommit = True
    with database.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET autovacuum = off")
        cursor.execute("SELECT pg_reload_conf()")
    database.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()


def _keep_apart(name: str) -> None:
    """Tests that run side by side must not take each other's messages, nor others’ files: keys begin at 1."""
    os.environ["QUEUE"] = name
    folder = Path(os.environ["VAR_DIR"]) / name
    folder.mkdir(exist_ok=True)
    os.environ["VAR_DIR"] = str(folder)


# A parallel worker inherits the addresses from the process that started it.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()
_keep_apart(os.environ.get("PYTEST_XDIST_WORKER", "test"))
