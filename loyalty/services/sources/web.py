"""One file at an address of the web. Every address on the way is proved to be public before a byte is sent to it.

Not through a general client: those look the name up again when they connect, and follow a redirect to wherever it
points, so that a public name could lead into the inner network after it was checked.
"""

import http.client
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import SplitResult, urljoin, urlsplit

from loyalty.services.sources.places import DEFAULT_PORTS, WEB, Place, PlaceRefused, place_of, public_addresses

MOST_REDIRECTS = 3
TIMEOUT_SECONDS = 30
REDIRECTS = (301, 302, 303, 307, 308)
WITHOUT_HEAD = (403, 405, 501)
NOT_FOUND = 404


class WebDoor:
    """The place is the file: there is no list of files on the web that one could rely on."""

    def __init__(self, place: Place) -> None:
        self.url = place.url

    def files(self, pattern: str) -> Iterable[Mapping[str, Any]]:
        with _answer(self.url, "HEAD") as answer:
            if answer.status in WITHOUT_HEAD:
                return [{"name": self.url}]
            _refuse(answer, self.url)
            told = {"ETag": answer.getheader("ETag"), "LastModified": answer.getheader("Last-Modified")}
            return [{"name": self.url, "size": answer.getheader("Content-Length"), **told}]

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        with _answer(path, "GET") as answer:
            _refuse(answer, path)
            yield cast(BinaryIO, answer)


def _refuse(answer: http.client.HTTPResponse, url: str) -> None:
    if answer.status == NOT_FOUND:
        raise FileNotFoundError(url)
    if answer.status != http.client.OK:
        raise PlaceRefused(f"{urlsplit(url).hostname} answered {answer.status} {answer.reason} instead of the file.")


@contextmanager
def _answer(url: str, method: str) -> Iterator[http.client.HTTPResponse]:
    for _ in range(MOST_REDIRECTS + 1):
        parts = urlsplit(url)
        line = _connection(parts)
        try:
            line.request(method, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
            answer = line.getresponse()
            if answer.status not in REDIRECTS:
                yield answer
                return
            url = _next(url, answer)
        finally:
            line.close()
    raise PlaceRefused(f"{urlsplit(url).hostname} sends on and on. Give the address where the file really is.")


def _next(url: str, answer: http.client.HTTPResponse) -> str:
    """Where a redirect points; held against the same lists as the address itself."""
    there = urljoin(url, answer.getheader("Location", ""))
    if urlsplit(there).scheme not in WEB or (url.startswith("https:") and not there.startswith("https:")):
        raise PlaceRefused(f"{urlsplit(url).hostname} sends on to an address that is not allowed.")
    return place_of(there).url


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    address = public_addresses(host, port)[0]
    line = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    # Connected by ourselves to the very address that was checked; the name is still what the certificate must say.
    line.sock = socket.create_connection((address, port), TIMEOUT_SECONDS)
    if parts.scheme == "https":
        line.sock = ssl.create_default_context().wrap_socket(line.sock, server_hostname=host)
    return line
