"""Several people at once: what only goes wrong between two transactions."""

import threading
from collections.abc import Callable

from django.db import connection


def together(*calls: Callable[[], object]) -> list[Exception]:
    """Run calls at the same moment, each on a connection of its own; return what they raised."""
    start = threading.Barrier(len(calls))
    raised: list[Exception] = []

    def run(call: Callable[[], object]) -> None:
        start.wait()
        try:
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
