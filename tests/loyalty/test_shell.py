"""What stands around every page."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from loyalty.staticfinder import PLOTLY_FILE, plotly_package_data
from loyalty.templatetags.shell import ENTRIES
from tests.rows import fill

pytestmark = pytest.mark.django_db
PAGES = [entry.url_name for entry in ENTRIES]
STATIC = Path(settings.BASE_DIR, "static")


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_the_log_in(client, name):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert response["Location"] == f"{reverse('login')}?next={reverse(name)}"


@pytest.mark.parametrize("n_rows", [0, 3])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_left_bar_opens(client, marketer, name, n_rows):
    fill(n_rows)
    client.force_login(marketer)

    response = client.get(reverse(name))

    text = response.content.decode()
    assert response.status_code == 200
    assert text.count('<li class="nav-item active">') == 1
    assert re.search(r"<title>\s*\S.* · Rehearsal</title>", text)
    assert text.count("<h1") == 1


@pytest.mark.parametrize("name", PAGES)
def test_no_page_needs_an_exception_from_the_content_policy(client, marketer, name):
    fill(2)
    client.force_login(marketer)

    response = client.get(reverse(name))

    text = response.content.decode()
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<[^>]+\sstyle=", text), "an inline style"
    assert not re.search(r"<[^>]+\son\w+=", text), "an inline script"
    scripts = re.findall(r"<script([^>]*)>", text)
    assert all("src=" in one or "application/json" in one for one in scripts)
    assert not re.search(r"(src|href)=\"(https?:)?//", text), "something from another host"


def test_the_log_in_tells_what_is_wrong(client, marketer):
    response = client.post(reverse("login"), {"username": "marketer", "password": "wrong"})

    assert "do not belong together" in response.content.decode()
    assert response.context["user"].is_anonymous


def test_after_the_log_in_comes_the_page_that_was_asked_for(client, marketer):
    given = {"username": "marketer", "password": "a-long-test-password", "next": reverse("products")}

    assert client.post(reverse("login"), given)["Location"] == reverse("products")
    assert client.post(reverse("logout"))["Location"] == reverse("login")
    assert client.get(reverse("home")).status_code == 302


def test_the_policy_knows_the_style_that_plotly_brings():
    script = (plotly_package_data() / PLOTLY_FILE).read_text()
    style = re.search(r"textContent='(\.maplibregl-map\{[^']*)'", script)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    assert f"'sha256-{digest}'" in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["style-src"]


def test_nobody_edited_the_files_of_others():
    vendor = STATIC / "vendor"
    lines = (vendor / "SHA256SUMS").read_text().splitlines()

    assert len(lines) == 4
    for line in lines:
        digest, name = line.split()
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest, name


def test_every_icon_that_is_asked_for_is_there():
    sprite = (STATIC / "vendor/tabler-icons/icons.svg").read_text()
    there = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    templates = [path.read_text() for path in Path(settings.BASE_DIR, "templates").rglob("*.html")]
    asked = {name for text in templates for name in re.findall(r'{% icon "([\w-]+)"|icon_name="([\w-]+)"', text)}
    asked = {one or other for one, other in asked} | {entry.icon for entry in ENTRIES}

    assert asked <= there
