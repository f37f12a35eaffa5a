"""The site as it is served, on the scratch database of a benchmark."""

import http.client
import os
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.conf import settings
from django.db import connection

from campaigns.management.stage import WEB, web_command
from loyalty.embedded.children import Children
from loyalty.embedded.ports import free_port

START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """The port of this machine where it answers, and the processes that answer."""

    port: int
    children: Children

    def processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.children.number_of(WEB))
        return [parent, *parent.children(recursive=True)]


@contextmanager
def served(**settings_of_site: str) -> Iterator[Site]:
    """The demo's web server with its processes and threads, without DEBUG; ended afterwards."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        children = Children(Path(folder))
        children.start(WEB, web_command(port), {**_environment(), **settings_of_site}, settings.BASE_DIR)
        site = Site(port, children)
        try:
            _wait_for(site)
            yield site
        finally:
            children.stop_all()


def _environment() -> dict[str, str]:
    at = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
    scratch = at._replace(path="/" + connection.settings_dict["NAME"])
    return {
        **os.environ,
        "DATABASE_URL": scratch.geturl(),
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        "DEBUG": "off",
        "HTTPS": "off",
        "SECRET_KEY": "k" * 32 + "for-a-benchmark-on-this-machine-only",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "LOG_LEVEL": "WARNING",
        # What is measured is the work and not the patience of the limit.
        "API_WRITES_PER_MINUTE": "100000",
    }


def _wait_for(site: Site) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(site.port):
        if time.monotonic() > deadline or not site.children.lives(WEB):
            raise RuntimeError(f"The site did not start: {site.children.log(WEB).read_text()[-2000:]}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    """By the API and not by a page: pages want their styles collected, which here nobody looks at."""
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        caller.request("GET", "/api/")
        return caller.getresponse().status == http.client.NOT_FOUND
    except OSError:
        return False
    finally:
        caller.close()
