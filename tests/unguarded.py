"""A worker without the guard of an import: what it writes is there at once, statement by statement.

The negative control of the tests that kill workers: with it, they must find half an import.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import django

django.setup()

from loyalty.celery import app  # noqa: E402
from loyalty.services.leases import Lease  # noqa: E402


@contextmanager
def _nothing(self: Lease) -> Iterator[None]:
    yield


Lease.writing = _nothing  # type: ignore[method-assign]
__all__ = ["app"]
