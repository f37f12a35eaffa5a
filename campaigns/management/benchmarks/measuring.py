"""How time and memory are taken, and a database that nobody else uses."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil
from django.core.management import call_command
from django.db import connection

SAMPLE_SECONDS = 0.02
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Measurement:
    """One figure. `ratio` is value over the peer's value; `peak_mb` is the memory of our process and the database's
    together, `own_mb` that of ours: what a worker needs."""

    name: str
    value: float
    unit: str
    peer: str
    ratio: float
    peak_mb: float
    own_mb: float = 0.0


@dataclass
class Watch:
    """What a stretch of work took."""

    seconds: float = 0.0
    peak_bytes: int = 0
    own_bytes: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def peak_mb(self) -> float:
        return round(self.peak_bytes / MEGABYTE, 1)

    @property
    def own_mb(self) -> float:
        return round(self.own_bytes / MEGABYTE, 1)


@contextmanager
def watched(*others: psutil.Process) -> Iterator[Watch]:
    """Time a stretch of work and sample the memory that it needs, here and in the other processes that work for it."""
    watch = Watch()
    connection.ensure_connection()
    processes = [psutil.Process(os.getpid()), *_database_process(), *others]
    sampler = threading.Thread(target=_sample, args=(watch, processes), daemon=True)
    sampler.start()
    began = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - began
        watch.ended.set()
        sampler.join()


def _database_process() -> list[psutil.Process]:
    """The process that serves our connection, where it runs on this machine."""
    with suppress(psutil.Error):
        process = psutil.Process(connection.connection.info.backend_pid)
        if "postgres" in process.name():
            return [process]
    return []


def backends() -> list[psutil.Process]:
    """The database's processes that serve others on our database, where they run on this machine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        numbers = [number for (number,) in cursor.fetchall()]
    with suppress(psutil.Error):
        return [process for process in map(psutil.Process, numbers) if "postgres" in process.name()]
    return []


def _sample(watch: Watch, processes: list[psutil.Process]) -> None:
    while True:
        each = list(map(_private_bytes, processes))
        watch.own_bytes, watch.peak_bytes = max(watch.own_bytes, each[0]), max(watch.peak_bytes, sum(each))
        if watch.ended.wait(SAMPLE_SECONDS):
            return


def _private_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - getattr(memory, "shared", 0))


@contextmanager
def scratch_database() -> Iterator[None]:
    """A new database on the same server with all tables and no rows; gone afterwards, whatever happened."""
    own, scratch = connection.settings_dict["NAME"], f"bench_{os.getpid()}"
    _run(f'CREATE DATABASE "{scratch}"')
    try:
        _connect_to(scratch)
        call_command("migrate", verbosity=0)
        yield
    finally:
        _connect_to(own)
        _run(f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)')


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
