"""What the product is for, in a real browser with a real worker: build a campaign, rehearse it, read the forecast."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, Simulation
from tests.browsing import PASSWORD, log_in, opened_page
from tests.campaigns.shop import open_shop
from tests.conftest import Worker

pytestmark = [
    pytest.mark.browser,
    pytest.mark.worker,
    # The worker is another process: it sees only what is committed.
    pytest.mark.django_db(transaction=True),
]
LEARNING = 180_000


@pytest.fixture
def page(chromium: str, complaints: list[str]) -> Iterator[Page]:
    with opened_page(chromium, complaints, width=1440) as page:
        yield page


def test_log_in_build_a_campaign_rehearse_it_and_read_the_forecast(
    live_server, worker: Worker, page: Page, complaints: list[str]
):
    open_shop()
    User.objects.create_superuser("anna", "anna@example.com", PASSWORD)

    log_in(page, f"{live_server.url}/campaigns/new/", "anna")
    expect(page.get_by_role("heading", name="New campaign")).to_be_visible()

    build(page)
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    page.get_by_role("button", name="Rehearse it").click()
    expect(page.get_by_text("Rehearsing")).to_be_visible()

    expect(page.get_by_text("We expect")).to_be_visible(timeout=LEARNING)
    read(page, worker)
    assert complaints == []


def build(page: Page) -> None:
    """Fill in the builder as a person would, forgetting the margin at first."""
    page.get_by_label("Name", exact=True).fill("Tea in winter")
    page.get_by_label("How many").fill("40")
    page.get_by_placeholder("Search offers by name").fill("Past 3")
    found = page.locator("#offer-picker")
    expect(found.get_by_text("Past 1", exact=True)).to_have_count(0)
    found.get_by_text("Past 3", exact=True).click()
    expect(found.get_by_text("Chosen")).to_be_visible()
    page.get_by_label("Cost of reaching one customer").fill("0.05")

    page.get_by_role("button", name="Review").click()
    expect(page.get_by_text("Say how many percent of the sales are left")).to_be_visible()

    page.get_by_label("Margin before the discount").fill("80")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_text("40 customers", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save campaign").click()


def read(page: Page, worker: Worker) -> None:
    """The forecast on the page is the one that the worker wrote down, and its charts are drawn."""
    simulation = Simulation.objects.get()
    forecast = simulation.forecasts.get(metric="redeemers")
    assert simulation.campaign == Campaign.objects.get(name="Tea in winter")
    assert page.url.endswith(simulation.get_absolute_url()), worker.output()

    sentence = page.locator(".verdict-line").inner_text()
    assert [int(number) for number in re.findall(r"\d+", sentence)] == [
        round(forecast.mid),
        40,
        9,
        10,
        round(forecast.low_90),
        round(forecast.high_90),
    ]
    expect(page.locator("[data-chart='profit-by-depth'] .main-svg").first).to_be_visible()
    page.locator("[data-chart='profit-by-depth']").get_by_text("Show as table").click()
    expect(page.locator("#profit-by-depth-table")).to_be_visible()
