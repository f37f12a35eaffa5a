"""The explorer in a real browser: found by keyboard, every chart drawn and a table as well, quiet console."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connections
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from loyalty.services.progress import QuietProgress
from segments.models import Segment, Segmentation
from segments.services.saving import save_segmentation
from segments.services.segmentations import explore_customers
from segments.services.specs import SegmentSpec
from tests.conftest import CHROMIUM_ARGUMENTS
from tests.segments.shop import CLOSED, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AT = datetime(2026, 1, 1, tzinfo=UTC)
FEATURES = ("recency_days", "orders_all", "spend_all")


@pytest.fixture(autouse=True)
def _no_async_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright's loop runs in this thread; the test talks to the database between its steps, never within.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def complaints() -> list[str]:
    return []


def look(**settings: object) -> Segmentation:
    spec = SegmentSpec(features=FEATURES, k_min=2, k_max=4, n_replicates=3, **settings)  # type: ignore[arg-type]
    return explore_customers(spec=spec, as_of=CLOSED, at=AT, report=QuietProgress())


@pytest.fixture
def looks(transactional_db: None) -> dict[str, Segmentation]:
    open_shop(120)
    return {"kmeans": look(name="Centres"), "ward": look(name="Tree", method="ward", keep=0.9)}


@pytest.fixture
def page(chromium: str, complaints: list[str], live_server, marketer, looks) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(base_url=live_server.url, color_scheme="light")
        page.on("console", lambda told: told.type in ("error", "warning") and complaints.append(told.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/login/")
        page.locator("input[name=username]").fill("marketer")
        page.locator("input[name=password]").fill("a-long-test-password")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        yield page
        browser.close()
        connections.close_all()


CHARTS = {
    "kmeans": ["segment-map", "segment-differences", "differences", "segment-sizes", "indices", "stability"],
    "ward": ["segment-map", "segment-sizes", "indices", "stability", "explained", "tree"],
}


@pytest.mark.parametrize("method", CHARTS)
def test_every_chart_is_drawn_and_is_a_table_too(page, complaints, looks, method):
    page.goto(looks[method].get_absolute_url())

    names = page.locator("[data-chart]").evaluate_all("cards => cards.map(card => card.dataset.chart)")
    for name in names:
        card = page.locator(f"[data-chart={name}]")
        card.scroll_into_view_if_needed()
        expect(card.locator(".main-svg").first).to_be_visible()
        button = card.get_by_role("button", name="Show as table")
        button.focus()
        page.keyboard.press("Enter")
        expect(card.locator(f"#{name}-table table")).to_be_visible()
        assert card.locator(f"#{name}-table tbody tr").count() > 0
    assert set(CHARTS[method]) <= set(names)
    assert complaints == []


def test_the_pages_fit_a_phone(page, complaints, looks):
    page.set_viewport_size({"width": 390, "height": 800})
    for address in (reverse("segments-explore"), *(one.get_absolute_url() for one in looks.values())):
        page.goto(address)
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), address
    assert complaints == []


def test_features_are_searched_chosen_and_sent_by_keyboard(page, complaints):
    page.goto(reverse("segments-explore"))
    search = page.get_by_label("Search the features")
    before = page.locator("[data-choices-count]").inner_text()

    search.focus()
    page.keyboard.type("weekend")
    expect(page.locator("[data-choice]:visible")).to_have_count(4)
    page.keyboard.press("Enter")
    page.locator("[data-choice]:visible input").first.focus()
    page.keyboard.press("Space")

    expect(page.locator("[data-choices-count]")).not_to_have_text(before)
    page.get_by_role("button", name="Look for segments").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Look for segments")).to_be_visible()
    assert complaints == []


def test_what_was_saved_is_used_under_its_name(page, complaints, looks):
    page.goto(looks["kmeans"].get_absolute_url())
    page.get_by_label("Name it yourself").first.fill("Our regulars")

    page.get_by_role("button", name="Save as segments").click()

    expect(page.get_by_role("heading", name="Save the segments")).to_be_visible()
    save_segmentation(segmentation=looks["kmeans"], at=AT, names={0: "Our regulars"})
    page.goto(looks["kmeans"].get_absolute_url())
    expect(page.get_by_role("link", name="Our regulars")).to_be_visible()
    assert Segment.objects.filter(name="Our regulars").exists()
    assert complaints == []
