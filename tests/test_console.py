"""The admin and the API's own page in a real browser, under the strict content policy: no error, no call outside."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from tests.conftest import CHROMIUM_ARGUMENTS
from tests.rows import fill

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass
class Watched:
    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def watch(self) -> "Watched":
        self.page.on("console", lambda told: told.type in ("error", "warning") and self.complaints.append(told.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: asked.url.startswith("http") and self._note(asked.url))
        self.page.on("response", lambda got: got.status >= 400 and self.complaints.append(f"{got.status} {got.url}"))
        return self

    def _note(self, url: str) -> None:
        if not url.startswith(self.home):
            self.strangers.append(url)


@pytest.fixture
def key(marketer) -> str:
    """The cookie of somebody logged in, over a few rows; made before the browser, whose loop keeps the ORM out."""
    fill(2)
    client = Client()
    client.force_login(marketer)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def browser(chromium: str, live_server, key: str) -> Iterator[Watched]:
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        context = program.new_context()
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        yield Watched(context.new_page(), live_server.url).watch()
        program.close()


ADMIN_PAGES = [
    "/admin/",
    "/admin/loyalty/customer/",
    "/admin/loyalty/orderline/",
    "/admin/loyalty/product/add/",
    "/admin/loyalty/job/",
    "/admin/campaigns/campaign/",
    "/admin/campaigns/campaign/add/",
    "/admin/campaigns/offer/add/",
    "/admin/recommender/modelversion/",
]


def test_the_admin_keeps_the_policy_and_finds_an_offer_as_one_types(browser):
    for address in ADMIN_PAGES:
        browser.page.goto(browser.home + address, wait_until="networkidle")
        assert browser.page.title().endswith("| Rehearsal"), address
    browser.page.goto(browser.home + "/admin/campaigns/campaign/add/", wait_until="networkidle")
    browser.page.locator(".field-offers .select2-selection").click()
    browser.page.locator(".field-offers input.select2-search__field").fill("Offer 1")
    browser.page.locator(".select2-results__option", has_text="Offer 1").click()
    assert browser.page.locator("select[name=offers] option:checked").inner_text() == "Offer 1"
    assert (browser.complaints, browser.strangers) == ([], [])


def test_the_api_explains_itself_without_leaving_the_house(browser):
    browser.page.goto(browser.home + "/api/docs/", wait_until="networkidle")
    browser.page.locator("#operations-Customers-customers_list").click()
    browser.page.get_by_role("button", name="Try it out").click()
    browser.page.get_by_role("button", name="Execute").click()
    browser.page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()
    assert (browser.complaints, browser.strangers) == ([], [])
