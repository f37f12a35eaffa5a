"""The embedded PostgreSQL: made once, started on a loopback port, stopped so that it need not recover."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loyalty.embedded.binaries import postgres_folder
from loyalty.embedded.identity import Identity, choose
from loyalty.embedded.processes import Recorded, launch, stop

USER = DATABASE = "rehearsal"
START_SECONDS = 60.0
# Safe first (fsync stays on), then fit for loading a year of orders on a small machine.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "jit": "off",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "60",
    # A killed worker leaves a statement behind; it must not go on holding locks for nobody.
    "client_connection_check_interval": "2s",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresDidNotStart(Exception):
    """The server did not answer in time; the message ends with the last lines of its log."""


class Postgres:
    """One cluster below `home`: `data`, its password file and its log."""

    def __init__(self, home: Path, password: str) -> None:
        self.home = home
        self.password = password
        self.data = home / "postgres"
        self.log = home / "postgres.log"

    def url(self, port: int) -> str:
        return f"postgres://{USER}:{self.password}@127.0.0.1:{port}/{DATABASE}"

    def start(self, port: int) -> Recorded:
        folder = postgres_folder()
        identity = choose(folder / "postgres", self.home)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(folder, identity)
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [
            *identity.prefix,
            str(folder / "postgres"),
            "-D",
            str(self.data),
            "-p",
            str(port),
            *options,
        ]
        process = launch(command, log=self.log, cwd="/", **identity.popen)
        self._wait(folder, process, port)
        self._create_database(folder, port)
        return process

    def stop(self, process: Recorded) -> None:
        """SIGINT is PostgreSQL's fast shutdown: connections end, everything is written, nothing to recover."""
        stop(process, signal.SIGINT)

    def _initialise(self, folder: Path, identity: Identity) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        identity.own(self.data)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [*identity.prefix, str(folder / "initdb"), "-D", str(self.data), "-U", USER, "--locale=C"]
        with self._password_file(identity) as path:
            done = subprocess.run(
                [*command, *options, f"--pwfile={path}"],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                **identity.popen,
            )
        if done.returncode != 0:
            raise PostgresDidNotStart(f"initdb failed: {done.stderr.strip()[-800:]}")

    @contextmanager
    def _password_file(self, identity: Identity) -> Iterator[Path]:
        """A copy that the server's identity may read, for as long as initdb takes."""
        path = self.home / "password.initdb"
        path.touch(mode=0o600)
        path.write_text(self.password)
        identity.own(path)
        try:
            yield path
        finally:
            path.unlink()

    def _wait(self, folder: Path, process: Recorded, port: int) -> None:
        question = [str(folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", USER]
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.lives:
            if subprocess.run(question, check=False).returncode == 0:
                return
            time.sleep(0.05)
        tail = self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""
        raise PostgresDidNotStart(f"PostgreSQL did not start on port {port}. {tail}")

    def _create_database(self, folder: Path, port: int) -> None:
        env = {"PGPASSWORD": self.password, "PATH": str(folder)}
        server = ["-h", "127.0.0.1", "-p", str(port), "-U", USER]
        done = subprocess.run(
            [str(folder / "createdb"), *server, DATABASE],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 and "already exists" not in done.stderr:
            raise PostgresDidNotStart(f"The database could not be made: {done.stderr.strip()}")
