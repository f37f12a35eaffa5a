"""Visit the site as a person would: log in, open the main pages, say what answered."""

import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class LogInRefused(Exception):
    """The site did not take the log-in it was given."""


@dataclass(frozen=True)
class Visit:
    path: str
    status: int
    seconds: float
    n_bytes: int

    def __str__(self) -> str:
        return f"  {self.status}  {self.seconds * 1000:6.0f} ms  {self.n_bytes:>9,} bytes  {self.path}"


class Visitor:
    """A browser without a screen: it keeps cookies and follows redirects."""

    def __init__(self, address: str) -> None:
        self.address = address
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def log_in(self, username: str, password: str) -> None:
        page = self._open("/login/")[1].decode()
        found = TOKEN.search(page)
        if found is None:
            raise LogInRefused("The log-in page has no form.")
        form = {"csrfmiddlewaretoken": found[1], "username": username, "password": password}
        status, body = self._open("/login/", urllib.parse.urlencode(form).encode())
        if status != 200 or (TOKEN.search(body.decode()) and 'name="password"' in body.decode()):
            raise LogInRefused(f"Nobody could log in as {username}.")

    def visit(self, path: str) -> Visit:
        began = time.perf_counter()
        status, body = self._open(path)
        return Visit(path, status, time.perf_counter() - began, len(body))

    def _open(self, path: str, data: bytes | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.address + path, data, {"Referer": self.address + path})  # noqa: S310
        try:
            with self._opener.open(request, timeout=60) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
