"""The embedded pair, with the real binaries, in folders of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest
import redis
from django.db import connection

from loyalty.embedded.home import Home
from loyalty.embedded.servers import down, running

ROOT = Path(__file__).parents[3]
TELL_AND_WAIT = "import os, time; print(os.environ['DATABASE_URL'], flush=True); time.sleep(60)"


@pytest.fixture
def folder(tmp_path_factory):
    """Reachable for the unprivileged user that the server runs as when the tests are run by root."""
    path = tmp_path_factory.mktemp("embedded")
    for part in (path, *path.parents[:2]):
        part.chmod(0o755)
    yield path
    down(path)


def query(url: str, statement: str) -> list[tuple]:
    session = psycopg2.connect(url)
    try:
        with session, session.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        session.close()


def runner(folder: Path, *command: str) -> subprocess.Popen:
    arguments = [sys.executable, "-m", "loyalty.embedded", "run", "--home", str(folder), "--", *command]
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL")}
    return subprocess.Popen(arguments, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)


@pytest.mark.django_db
def test_the_tests_run_on_the_wheels_own_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert cursor.fetchone()[0].startswith("18")
        cursor.execute("SHOW fsync")
        assert cursor.fetchone()[0] == "on"


def test_data_survives_a_restart_at_the_same_address(folder):
    with running(folder, {}) as env:
        query(env["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        redis.Redis.from_url(env["BROKER_URL"]).set("kept", "yes")
    with running(folder, {}) as again:
        assert query(again["DATABASE_URL"], "SELECT answer FROM kept") == [(42,)]
        assert redis.Redis.from_url(again["BROKER_URL"]).get("kept") == b"yes"
        assert again["DATABASE_URL"] == env["DATABASE_URL"]


def test_nothing_listens_after_the_end(folder):
    with running(folder, {}) as env:
        pass
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(env["DATABASE_URL"])
    assert Home(folder).load().servers == {}


def test_a_server_named_by_the_environment_is_used_and_none_started(folder):
    named = {"DATABASE_URL": "postgres://shop/db", "BROKER_URL": "amqp://shop"}
    with running(folder, named) as env:
        assert {name: env[name] for name in named} == named
    assert list(folder.iterdir()) == [folder / "password"] or list(folder.iterdir()) == []


def test_the_password_is_for_its_owner_only(folder):
    with running(folder, {}):
        assert (folder / "password").stat().st_mode & 0o077 == 0
        assert (folder / "valkey.conf").stat().st_mode & 0o077 == 0


def test_a_second_run_joins_and_leaves_the_servers_to_the_first(folder):
    with running(folder, {}) as env:
        joined = runner(folder, sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])")
        assert joined.communicate(timeout=60)[0].strip() == env["DATABASE_URL"]
        assert query(env["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_servers_of_a_killed_owner_are_taken_over_and_then_stopped(folder):
    owner = runner(
        folder, sys.executable, "-c", "import os,time; print(os.environ['DATABASE_URL'], flush=True); time.sleep(60)"
    )
    url = owner.stdout.readline().strip()
    query(url, "CREATE TABLE kept AS SELECT 1 AS one")
    os.killpg(owner.pid, signal.SIGKILL)
    owner.communicate()
    assert query(url, "SELECT one FROM kept") == [(1,)]  # the servers outlived it
    with running(folder, {}) as env:
        assert env["DATABASE_URL"] == url
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)


def test_what_was_acknowledged_survives_kill_9_of_the_server(folder):
    with running(folder, {}) as env:
        query(env["DATABASE_URL"], "CREATE TABLE acknowledged (n int)")
        for number in range(50):
            query(env["DATABASE_URL"], f"INSERT INTO acknowledged VALUES ({number})")
        os.killpg(Home(folder).load().servers["postgres"].pid, signal.SIGKILL)
        time.sleep(0.5)
    with running(folder, {}) as again:
        assert query(again["DATABASE_URL"], "SELECT count(*) FROM acknowledged") == [(50,)]


def test_a_polite_signal_ends_the_command_and_then_the_servers(folder):
    run = runner(
        folder, sys.executable, "-c", "import os,time; print(os.environ['DATABASE_URL'], flush=True); time.sleep(60)"
    )
    url = run.stdout.readline().strip()
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)


def test_the_exit_code_is_the_commands(folder):
    run = runner(folder, sys.executable, "-c", "raise SystemExit(3)")
    run.communicate(timeout=60)
    assert run.returncode == 3
