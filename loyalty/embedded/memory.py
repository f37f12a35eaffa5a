"""How much memory a family of processes takes, pages they share counted once."""

import os
import threading
from types import TracebackType

import psutil

from loyalty.embedded.servers import OWNER_VARIABLE

MEGABYTE = 1024 * 1024
SAMPLE_SECONDS = 1.0


def _proportional_set(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    share: int = getattr(info, "pss", info.rss)
    return share


def family_mb(roots: list[int]) -> float:
    """Megabytes held now by the processes and all that descend from them."""
    found: set[psutil.Process] = set()
    for pid in roots:
        try:
            root = psutil.Process(pid)
            found |= {root, *root.children(recursive=True)}
        except psutil.NoSuchProcess:
            continue
    return sum(_proportional_set(process) for process in found) / MEGABYTE


class PeakMemory:
    """Watch this process, the embedded servers and all their children from a thread.

    `peak_mb` is the most seen at one moment.
    """

    def __init__(self) -> None:
        owner = os.environ.get(OWNER_VARIABLE)
        self.roots = [os.getpid(), *([int(owner)] if owner else [])]
        self.peak_mb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self.peak_mb = max(self.peak_mb, family_mb(self.roots))
