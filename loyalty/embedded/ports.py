"""Free ports on the loopback, remembered so that a server keeps its address over restarts."""

import socket


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def remembered(port: int | None) -> int:
    """The port from last time when nobody else took it, else a new one."""
    return port if port is not None and is_free(port) else free_port()
