"""The pair as a whole: start what the environment does not name, take over what a dead owner left, stop in reverse."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from loyalty.embedded.home import Home, State
from loyalty.embedded.ports import remembered
from loyalty.embedded.postgres import Postgres
from loyalty.embedded.processes import Recorded
from loyalty.embedded.valkey import Valkey

VARIABLES = {"postgres": "DATABASE_URL", "valkey": "BROKER_URL"}
# Whose child processes the servers are: for those who want to measure the whole family.
OWNER_VARIABLE = "EMBEDDED_OWNER_PID"
Server = Postgres | Valkey


def _servers(home: Home) -> dict[str, Server]:
    password = home.password()
    return {"postgres": Postgres(home.folder, password), "valkey": Valkey(home.folder, password)}


def _ensure(name: str, server: Server, state: State) -> State:
    """Join a server that runs, or start it on the port it had before."""
    if state.running(name):
        return state
    port = remembered(state.ports.get(name))
    return state.with_server(name, server.start(port), port)


def _stop(servers: Mapping[str, Server], state: State) -> None:
    for name in reversed(list(VARIABLES)):
        process = state.running(name)
        if process:
            servers[name].stop(process)


def down(folder: Path) -> list[str]:
    """Stop whatever runs below `folder`; return the names of what was stopped."""
    home = Home(folder)
    with home.locked():
        state = home.load()
        stopped = [name for name in VARIABLES if state.running(name)]
        _stop(_servers(home), state)
        home.save(State(ports=state.ports))
    return stopped


def _up(home: Home, wanted: list[str]) -> tuple[State, bool]:
    """Return the state with every wanted server running, and whether they are ours to stop."""
    with home.locked():
        state = home.load()
        is_ours = not state.is_owned
        if is_ours:
            state = replace(state, owner=Recorded.of(os.getpid()))
        servers = _servers(home)
        try:
            for name in wanted:
                state = _ensure(name, servers[name], state)
        except BaseException:
            if is_ours:
                _stop(servers, state)
            raise
        finally:
            home.save(state)
    return state, is_ours


@contextmanager
def running(folder: Path, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the environment with both addresses in it, for as long as the block lasts."""
    wanted = [name for name, variable in VARIABLES.items() if not environ.get(variable)]
    home = Home(folder)
    state, is_ours = _up(home, wanted) if wanted else (State(), False)
    try:
        servers = _servers(home)
        urls = {VARIABLES[name]: servers[name].url(state.ports[name]) for name in wanted}
        yield {**environ, **urls, OWNER_VARIABLE: str(os.getpid())}
    finally:
        if is_ours:
            down(folder)
