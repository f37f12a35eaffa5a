"""Start, recognise and stop processes that must not outlive their owner, nor die with its terminal."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 20.0


def started_at(pid: int) -> str:
    """When a process began, as its system tells it; empty if it is gone. Guards against a reused number."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return _started_at_without_proc(pid)
    except ProcessLookupError:
        return ""
    is_zombie = fields[0] == "Z"
    return "" if is_zombie else fields[19]


def _started_at_without_proc(pid: int) -> str:
    if Path("/proc/self").exists():
        return ""
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # another process's child: its parent reaps it


@dataclass(frozen=True)
class Recorded:
    """A process as written down: enough to know later whether it is still the same one."""

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> "Recorded":
        return cls(pid, started_at(pid))

    @property
    def lives(self) -> bool:
        # A dead child keeps its number, and with it its lock file, until somebody takes note of its death.
        _reap(self.pid)
        return self.began != "" and started_at(self.pid) == self.began


def launch(command: list[str], *, log: Path, env: dict[str, str] | None = None, **popen: object) -> Recorded:
    """Start a process in a session of its own, its output in a file."""
    with log.open("ab") as output:
        child = subprocess.Popen(  # type: ignore[call-overload]
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=env,
            **popen,
        )
    # We watch it by number, as we would one that an earlier run started; Popen need not mourn it.
    child.returncode = 0
    return Recorded.of(child.pid)


def stop(process: Recorded, how: signal.Signals = signal.SIGTERM, patience: float = STOP_SECONDS) -> None:
    """Ask a process to end; when it does not, end its whole group."""
    if not process.lives:
        return
    os.kill(process.pid, how)
    if not _gone_within(process, patience):
        os.killpg(process.pid, signal.SIGKILL)
        _gone_within(process, patience)


def _gone_within(process: Recorded, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.lives:
            return True
        time.sleep(0.05)
    return False
