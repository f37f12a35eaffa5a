"""RFM, lifecycle, lifetime, overlap, comparing in a real browser: charts are drawn, and tables by keyboard alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from loyalty.services.progress import QuietProgress
from segments.engine.lifecycle import LifecycleSpec
from segments.engine.rfm import RfmSpec
from segments.models import Segment
from segments.services.groups import read_lifecycle, read_rfm
from segments.services.lifetime import read_lifetime
from tests.browsing import log_in, opened_page
from tests.segments.shop import CLOSED, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHARTS = {
    "segments-rfm": ["rfm-sizes", "rfm-scores", "rfm-moves"],
    "segments-lifecycle": ["lifecycle-sizes", "came-back", "lifecycle-moves"],
    "segments-lifetime": ["lifetime-orders", "lifetime-spend"],
    "segments-overlap": ["overlap", "combinations"],
}


@pytest.fixture(autouse=True)
def _no_async_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright's loop runs in this thread; the test talks to the database between its steps, never within.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(chromium: str, complaints: list[str], live_server, marketer) -> Iterator[Page]:
    open_shop()
    when = {"as_of": CLOSED, "at": CLOSED + timedelta(days=1), "report": QuietProgress()}
    read_rfm(spec=RfmSpec(), **when)
    read_lifecycle(spec=LifecycleSpec(), **when)
    read_lifetime(**when)
    with opened_page(chromium, complaints, width=1440, home=live_server.url) as page:
        log_in(page, "/login/", "marketer")
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        yield page


def look_at(page: Page, address: str, names: list[str]) -> None:
    page.goto(address)
    for name in names:
        card = page.locator(f"[data-chart={name}]")
        card.scroll_into_view_if_needed()
        expect(card.locator(".main-svg").first).to_be_visible()
        switch = card.get_by_role("button", name="Show as table")
        switch.focus()
        page.keyboard.press("Enter")
        expect(card.locator(f"#{name}-table table")).to_be_visible()
        page.keyboard.press("Enter")
        expect(card.locator(".main-svg").first).to_be_visible()


def test_every_chart_is_drawn_and_is_a_table_by_keyboard(page, complaints):
    for url_name, names in CHARTS.items():
        look_at(page, reverse(url_name), names)
    one, other = Segment.objects.filter(kind="rfm", name__in=["Champions", "Inactive"]).order_by("number")
    look_at(page, f"{reverse('segments-compare')}?one={one.pk}&other={other.pk}", ["lifts"])
    page.set_viewport_size({"width": 390, "height": 844})
    for url_name in CHARTS:
        page.goto(reverse(url_name))
        page.wait_for_load_state("networkidle")
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert complaints == []
