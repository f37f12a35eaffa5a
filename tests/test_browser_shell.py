"""The shell in a real browser: quiet console on every page, theme, charts, the bar on a phone."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from loyalty.services.sales import add_up_sales
from loyalty.templatetags.shell import ENTRIES
from tests.browsing import log_in, opened_page
from tests.campaigns.shop import open_shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(chromium: str, complaints: list[str], live_server, marketer) -> Iterator[Page]:
    open_shop(n_campaigns=2)
    add_up_sales()
    with opened_page(chromium, complaints, width=1280, home=live_server.url) as page:
        log_in(page, "/login/", "marketer")
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        yield page


def has_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def cut_off_tables(page: Page) -> int:
    """Tables that turn into cards on a phone, and do not fit all the same."""
    hidden = "box => box.querySelector('.measures, .stacked') && box.scrollWidth > box.clientWidth"
    return int(page.evaluate(f"[...document.querySelectorAll('.table-responsive')].filter({hidden}).length"))


def test_every_page_fits_and_nothing_complains(page, complaints):
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for entry in ENTRIES:
            page.goto(reverse(entry.url_name))
            expect(page.get_by_role("heading", name=entry.label, level=1)).to_be_visible()
            assert not has_sideways_scroll(page), f"{entry.label} at {width}"
            assert cut_off_tables(page) == 0, f"{entry.label} at {width}"
    assert complaints == []


def test_the_theme_is_remembered_and_the_chart_follows(page, complaints):
    label = page.locator("[data-chart=revenue] .ytick text").first
    expect(label).to_be_visible()
    light = label.evaluate("text => getComputedStyle(text).fill")

    page.locator("[data-theme-choice=dark]:visible").click()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(label).not_to_have_css("fill", light)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("[data-theme-choice=auto]:visible").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    assert complaints == []


def test_a_chart_is_a_table_too_and_its_numbers_can_be_saved(page, complaints):
    card = page.locator("[data-chart=revenue]")
    expect(card.locator(".main-svg").first).to_be_visible()

    card.get_by_role("button", name="Show as table").click()

    expect(card.locator("#revenue-table table")).to_be_visible()
    expect(card.locator(".main-svg").first).to_be_hidden()
    with page.expect_download() as saved:
        card.get_by_title("Download the numbers (CSV)").click()
    told = saved.value.path().read_text().splitlines()
    assert saved.value.suggested_filename == "revenue.csv"
    assert len(told) == card.locator("#revenue-table tbody tr").count() + 1
    with page.expect_download() as picture:
        card.get_by_title("Save as a picture").click()
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    card.get_by_role("button", name="Show as chart").click()
    expect(card.locator(".main-svg").first).to_be_visible()
    assert complaints == []


def test_on_a_phone_the_bar_opens_and_the_menu_closes(page, complaints):
    page.set_viewport_size({"width": 390, "height": 800})
    link = page.locator("#navigation").get_by_role("link", name="Segments")
    expect(link).to_be_hidden()

    page.get_by_role("button", name="Menu").click()

    expect(link).to_be_visible()
    page.locator("details[data-menu]:visible > summary").first.click()
    expect(page.get_by_role("button", name="Log out").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out").first).to_be_hidden()
    assert complaints == []
