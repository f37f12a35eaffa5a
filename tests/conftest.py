"""Fixtures that every part of the tests may use."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import connection
from hypothesis import settings as given_examples

# How long an example takes says how busy the machine is, not whether the code is right.
given_examples.register_profile("rehearsal", deadline=None)
given_examples.load_profile("rehearsal")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """The real way to keep a password is slow on purpose; hundreds of tests log somebody in."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_async_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    # A browser's loop runs in the test's thread; the test talks to the database between its steps, never within.
    if request.node.get_closest_marker("browser"):
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def complaints() -> list[str]:
    """What a browser's console says."""
    return []


@pytest.fixture
def at() -> datetime:
    """A fixed now."""
    return datetime(2017, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def marketer(db: None) -> AbstractUser:
    """Somebody who may do everything."""
    return get_user_model().objects.create_superuser("marketer", "marketer@example.com", "a-long-test-password")


def database_url() -> str:
    """The address of this test's own database, for other processes and connections."""
    return os.environ["DATABASE_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]


class Worker:
    """A real Celery worker in a process group of its own, on the database and broker of this test."""

    def __init__(self, folder: Path, app: str = "loyalty.celery") -> None:
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        env = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "QUEUE": settings.CELERY_TASK_DEFAULT_QUEUE,
            "LOG_LEVEL": "INFO",
        }
        command = [sys.executable, "-m", "celery", "-A", app, "worker", "-B", "-c", "1", "-l", "INFO"]
        schedule = ["-s", str(folder / "beat-schedule")]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *schedule],
                env={**env, "DJANGO_SETTINGS_MODULE": "loyalty.settings"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=settings.BASE_DIR,
            )

    def kill(self) -> None:
        """As the machine would: the whole group at once, without a chance to say goodbye."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def output(self) -> str:
        return self.log.read_text(errors="replace")


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start as many real workers as a test wants; whatever still lives at its end is killed."""
    started: list[Worker] = []

    def start(app: str = "loyalty.celery") -> Worker:
        started.append(Worker(tmp_path, app))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        print(worker.output())  # shown by pytest when the test failed


@pytest.fixture
def worker(start_worker: Callable[[], Worker]) -> Worker:
    return start_worker()


@pytest.fixture(scope="session")
def real_data_dir() -> Path:
    folder = os.environ.get("REAL_DATA_DIR", "")
    if not folder:
        pytest.skip("The public data are not here: name their folder in REAL_DATA_DIR.")
    return Path(folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("No Chromium here: install Debian's package chromium to run the browser tests.")
    return path


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something another process does; fail, saying so, when it does not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Did not happen within {seconds:.0f} s")
        time.sleep(0.1)
