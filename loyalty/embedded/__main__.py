"""`python -m loyalty.embedded run|down`: see the package's first lines."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from loyalty.embedded.servers import down, running

DEFAULT_HOME = Path("var") / "embedded"


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loyalty.embedded")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="run a command with both servers")
    run.add_argument("--home", type=Path, default=DEFAULT_HOME)
    run.add_argument("--scratch", action="store_true", help="use a new, empty home and remove it afterwards")
    run.add_argument("command", nargs=argparse.REMAINDER)
    stop = verbs.add_parser("down", help="stop both servers")
    stop.add_argument("--home", type=Path, default=DEFAULT_HOME)
    return parser.parse_args(arguments)


class Interrupted(Exception):
    """Somebody asked us to end before the command was started."""


def _raise(number: int, frame: FrameType | None) -> None:
    raise Interrupted(signal.Signals(number).name)


def _run(command: list[str], home: Path, environ: Mapping[str, str]) -> int:
    """Run the command to its end; a signal to us is a signal to it, and the servers stop after it."""
    with running(home.resolve(), environ) as env:
        child = subprocess.Popen(command, env=env)

        def forward(number: int, frame: FrameType | None) -> None:
            if child.poll() is None:
                child.send_signal(number)

        # A terminal sends Ctrl-C to the whole group, so the child has it already; we only have to wait.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, forward)
        signal.signal(signal.SIGHUP, forward)
        return child.wait()


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    if options.verb == "down":
        stopped = down(options.home.resolve())
        print("Stopped: " + ", ".join(stopped) if stopped else "Nothing was running.")  # noqa: T201
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not options.scratch:
        return _run(command, options.home, os.environ)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        # World-executable: as root the server runs as somebody else, who must get to its data.
        Path(folder).chmod(0o755)
        return _run(command, Path(folder), {**os.environ, "VAR_DIR": folder})


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Interrupted:
        sys.exit(130)
