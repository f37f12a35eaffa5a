"""The folder an embedded pair lives in: password, remembered ports, who owns what, and a lock around changes."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from loyalty.embedded.processes import Recorded


@dataclass(frozen=True)
class State:
    """What is written down between runs. A process that is gone counts as absent."""

    owner: Recorded | None = None
    ports: dict[str, int] = field(default_factory=dict)
    servers: dict[str, Recorded] = field(default_factory=dict)

    def running(self, name: str) -> Recorded | None:
        process = self.servers.get(name)
        return process if process is not None and process.lives else None

    @property
    def is_owned(self) -> bool:
        return self.owner is not None and self.owner.lives

    def with_server(self, name: str, process: Recorded, port: int) -> "State":
        return replace(self, servers={**self.servers, name: process}, ports={**self.ports, name: port})


class Home:
    """`<folder>/{state.json,password,lock}` beside the servers' own data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with (self.folder / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def password(self) -> str:
        path = self.folder / "password"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(24))
        return path.read_text()

    def load(self) -> State:
        path = self.folder / "state.json"
        if not path.exists():
            return State()
        stored = json.loads(path.read_text())
        return State(
            owner=Recorded(**stored["owner"]) if stored["owner"] else None,
            ports=stored["ports"],
            servers={name: Recorded(**process) for name, process in stored["servers"].items()},
        )

    def save(self, state: State) -> None:
        path = self.folder / "state.json"
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(state), indent=1))
        draft.replace(path)
