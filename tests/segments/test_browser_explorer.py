"""The explorer in a real browser: found by keyboard, every chart drawn and a table as well, quiet console."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from loyalty.services.progress import QuietProgress
from segments.models import Segment, Segmentation
from segments.services.saving import save_segmentation
from segments.services.segmentations import explore_customers
from segments.services.specs import SegmentSpec
from tests.browsing import log_in, opened_page
from tests.segments.crowds import customers_with
from tests.segments.shop import CLOSED, open_shop
from tests.worlds import segment_world

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
def crowds(transactional_db: None) -> None:
    """Three crowds, and six customers who are like nobody."""
    rng = np.random.default_rng(1)
    loners = np.expm1(rng.uniform([0.5, 0.7, 3], [5, 4, 9], (6, 3)))
    customers_with(np.vstack([segment_world(rng, n_each=40)[0], loners]), until=CLOSED)


@pytest.fixture
def shuffled(transactional_db: None) -> None:
    """The same habits of other people: each column shuffled apart from the others."""
    rng = np.random.default_rng(2)
    customers_with(rng.permuted(segment_world(rng, n_each=60)[0], axis=0), until=CLOSED)


@pytest.fixture
def page(chromium: str, complaints: list[str], live_server, marketer) -> Iterator[Page]:
    with opened_page(chromium, complaints, width=1280, home=live_server.url) as page:
        log_in(page, "/login/", "marketer")
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        yield page


CHARTS = {
    "kmeans": ["segment-map", "segment-differences", "differences", "segment-sizes", "indices", "stability"],
    "ward": ["segment-map", "segment-sizes", "indices", "stability", "explained", "tree"],
}


@pytest.mark.parametrize("method", CHARTS)
def test_every_chart_is_drawn_and_is_a_table_too(page, complaints, looks, method):
    names = every_chart_is_a_table(page, looks[method].get_absolute_url())

    assert set(CHARTS[method]) <= set(names)
    assert complaints == []


def every_chart_is_a_table(page: Page, address: str) -> list[str]:
    """Look at every chart of a page and open its table by keyboard; the names of the charts."""
    page.goto(address)
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
    return list(names)


def fits(page: Page) -> bool:
    return not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.parametrize("method", ["dbscan", "hdbscan"])
def test_who_is_like_nobody_is_shown_as_unassigned(page, complaints, crowds, method):
    found = look(name="Crowds", method=method)
    n_unassigned = found.findings["n_unassigned"]

    names = every_chart_is_a_table(page, found.get_absolute_url())

    assert 0 < n_unassigned < 20
    assert {"segment-map", "segment-sizes", "stability"} <= set(names)
    expect(page.locator(".lead-sentence")).to_contain_text(f"{n_unassigned} of them unassigned")
    expect(page.locator(".kpi", has_text="Unassigned customers")).to_contain_text(str(n_unassigned))
    expect(page.locator("#segment-map-table")).to_contain_text("Unassigned")
    expect(page.locator("#segment-sizes-table")).to_contain_text("Unassigned")
    page.set_viewport_size({"width": 390, "height": 800})
    assert fits(page)
    assert complaints == []


def test_where_columns_were_shuffled_the_page_says_there_are_no_clear_segments(page, complaints, shuffled):
    found = look(name="Shuffled")

    every_chart_is_a_table(page, found.get_absolute_url())

    assert found.silhouette > 0.2, "shuffled columns score a silhouette, too: that is what the page must see through"
    expect(page.locator(".lead-sentence")).to_contain_text("No clear segments")
    expect(page.get_by_role("heading", name="Read these with care")).to_be_visible()
    assert complaints == []


def test_two_segments_side_by_side_fit_a_phone(page, complaints, crowds):
    save_segmentation(segmentation=look(name="Crowds"), at=AT)
    one, other = Segment.objects.order_by("number")[:2]
    page.set_viewport_size({"width": 390, "height": 800})

    names = every_chart_is_a_table(page, f"{reverse('segments-compare')}?one={one.pk}&other={other.pk}")

    assert fits(page)
    expect(page.get_by_role("heading", name="How do their habits differ?")).to_be_visible()
    assert page.locator("table").first.locator("tbody tr").count() > 3
    assert set(names) <= {"lifts"}
    assert complaints == []


def test_the_pages_fit_a_phone(page, complaints, looks):
    page.set_viewport_size({"width": 390, "height": 800})
    for address in (reverse("segments-explore"), *(one.get_absolute_url() for one in looks.values())):
        page.goto(address)
        assert fits(page), address
    assert complaints == []


def test_features_are_searched_chosen_and_sent_by_keyboard(page, complaints, looks):
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
