import os
import subprocess
import sys

import psutil
import pytest

from loyalty.embedded.children import Children
from loyalty.embedded.memory import family_mb
from loyalty.embedded.processes import Recorded, started_at

SLEEP = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)"]


@pytest.fixture
def children(tmp_path):
    made = Children(tmp_path)
    yield made
    made.stop_all()


def start(children: Children, name: str = "sleeper") -> None:
    children.start(name, SLEEP, dict(os.environ), children.folder)


def test_a_child_is_stopped_with_its_command(children):
    start(children)
    assert children.lives("sleeper")
    children.stop_all()
    assert Children(children.folder).end_leftovers() == []


def test_what_a_killed_command_left_is_ended_by_the_next(children):
    start(children)
    following = Children(children.folder)
    assert following.end_leftovers() == ["sleeper"]
    assert not children.lives("sleeper")


def test_a_reused_process_number_is_not_taken_for_ours():
    ourselves = os.getpid()
    assert Recorded.of(ourselves).lives
    assert not Recorded(ourselves, "another time").lives
    assert started_at(2**22 + 1) == ""


def test_memory_of_a_family_grows_with_it():
    """Of a process that does nothing else: the one that runs the tests gives memory back at any moment."""
    has_a_child = (
        "import subprocess, sys; input(); subprocess.Popen(['sleep', '60']); print('born', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", "print('awake', flush=True); " + has_a_child],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == "awake\n"
        alone = family_mb([parent.pid])
        parent.stdin.write("\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == "born\n"
        child = psutil.Process(parent.pid).children()[0]
        assert family_mb([parent.pid]) > family_mb([child.pid]) > 0
        assert alone > 1
        child.kill()
        parent.kill()
