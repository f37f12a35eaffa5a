"""A file of the web, fetched from a server of this machine that the test opened by name."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from loyalty.models import Customer
from loyalty.services.sources.places import PlaceRefused
from tests.loyalty.sources.conftest import make_source, visit

pytestmark = pytest.mark.django_db


class Shop(BaseHTTPRequestHandler):
    """Answers with whatever the test put there: address → (status, headers, body)."""

    pages: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}

    def do_GET(self) -> None:
        status, headers, body = self.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None:
        return None


@pytest.fixture
def shop(settings, tmp_path) -> Iterator[str]:
    settings.IMPORT_PROTOCOLS = ["http"]
    settings.IMPORT_PRIVATE_HOSTS = ["localhost"]
    settings.UPLOAD_DIR = tmp_path
    Shop.pages = {}
    server = HTTPServer(("localhost", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def page(name: str, tag: str = "1") -> tuple[int, dict[str, str], bytes]:
    return 200, {"ETag": f'"{tag}"'}, f"customer_id,name\nA,{name}\n".encode()


def test_an_address_of_the_web_is_taken_once_a_content(shop):
    Shop.pages["/c.csv?day=1"] = page("a")
    source = make_source(f"{shop}/c.csv?day=1")

    assert visit(source)["taken"] == 1
    assert visit(source)["taken"] == 0
    Shop.pages["/c.csv?day=1"] = page("b", "2")
    assert visit(source)["taken"] == 1
    assert Customer.objects.get().name == "b"


def test_a_redirect_is_followed_to_where_it_may_lead(shop):
    Shop.pages["/old.csv"] = (302, {"Location": "/new.csv"}, b"")
    Shop.pages["/new.csv"] = page("a")

    assert visit(make_source(f"{shop}/old.csv"))["taken"] == 1


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        ("http://127.0.0.1:9/latest/meta-data", "closed to imports"),
        ("http://169.254.169.254/latest/meta-data", "closed to imports"),
        ("file:///etc/passwd", "an address that is not allowed"),
        ("/loop.csv", "sends on and on"),
    ],
)
def test_a_redirect_into_the_inner_network_is_refused(shop, there, sentence):
    Shop.pages["/loop.csv"] = (302, {"Location": there}, b"")

    with pytest.raises(PlaceRefused, match=sentence):
        visit(make_source(f"{shop}/loop.csv"))


def test_a_machine_that_was_not_opened_is_not_asked(shop, settings):
    Shop.pages["/c.csv"] = page("a")
    settings.IMPORT_PRIVATE_HOSTS = []

    with pytest.raises(PlaceRefused, match="inner network"):
        visit(make_source(f"{shop}/c.csv"))
    assert not Customer.objects.exists()


@pytest.mark.parametrize(("status", "sentence"), [(404, "There is nothing at"), (500, "localhost answered 500")])
def test_what_the_server_refuses_is_told(shop, status, sentence):
    Shop.pages["/c.csv"] = (status, {}, b"")

    with pytest.raises(PlaceRefused, match=sentence):
        visit(make_source(f"{shop}/c.csv"))
