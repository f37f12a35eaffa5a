"""Processes that one command keeps running and takes with it; what a killed command left behind is ended first."""

import json
from dataclasses import asdict
from pathlib import Path

from loyalty.embedded.processes import Recorded, launch, stop


class Children:
    """Named processes below `folder`: their numbers in `children.json`, their output in `<name>.log`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._record = folder / "children.json"
        self._running: dict[str, Recorded] = {}

    def end_leftovers(self) -> list[str]:
        """End what an earlier command did not get to end; return the names."""
        if not self._record.exists():
            return []
        left = {name: Recorded(**child) for name, child in json.loads(self._record.read_text()).items()}
        alive = {name: child for name, child in left.items() if child.lives}
        for child in alive.values():
            stop(child)
        return list(alive)

    def start(self, name: str, command: list[str], env: dict[str, str], cwd: Path) -> None:
        self._running[name] = launch(command, log=self.log(name), env=env, cwd=cwd)
        self._write()

    def lives(self, name: str) -> bool:
        return self._running[name].lives

    def number_of(self, name: str) -> int:
        """The process's number, for whoever measures it."""
        return self._running[name].pid

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def stop_all(self) -> None:
        for child in reversed(list(self._running.values())):
            stop(child)
        self._running.clear()
        self._write()

    def _write(self) -> None:
        self._record.write_text(json.dumps({name: asdict(child) for name, child in self._running.items()}))
