"""The embedded Valkey: the broker that wakes workers. Every message is on disk within a second."""

import socket
import time
from pathlib import Path

from loyalty.embedded.binaries import valkey_server
from loyalty.embedded.processes import Recorded, launch, stop

START_SECONDS = 20.0


class ValkeyDidNotStart(Exception):
    """The broker did not answer in time; the message ends with the last lines of its log."""


class Valkey:
    """One broker below `home`: `valkey` (append-only file), its configuration and its log."""

    def __init__(self, home: Path, password: str) -> None:
        self.home = home
        self.password = password
        self.data = home / "valkey"
        self.log = home / "valkey.log"

    def url(self, port: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def start(self, port: int) -> Recorded:
        self.data.mkdir(mode=0o700, exist_ok=True)
        process = launch([str(valkey_server()), str(self._configuration(port))], log=self.log, cwd=self.home)
        self._wait(process, port)
        return process

    def stop(self, process: Recorded) -> None:
        stop(process)

    def _configuration(self, port: int) -> Path:
        """In a file nobody else may read: a command line would show the password to everybody on the machine."""
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self.password}",
            f'dir "{self.data}"',
            "appendonly yes",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        path = self.home / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n")
        return path

    def _wait(self, process: Recorded, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.lives:
            if self._answers(port):
                return
            time.sleep(0.05)
        tail = self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""
        raise ValkeyDidNotStart(f"Valkey did not start on port {port}. {tail}")

    def _answers(self, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                replies = connection.makefile("rb")
                return replies.readline() == b"+OK\r\n" and replies.readline() == b"+PONG\r\n"
        except OSError:
            return False
