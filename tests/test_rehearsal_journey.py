"""Name an offer on a new product, find the best audience, compare three benefits, apply one, see the scoreboard."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, Scenario
from loyalty.models import Category, Product
from tests.browsing import PASSWORD, log_in, opened_page
from tests.campaigns.shop import open_shop
from tests.conftest import Worker

pytestmark = [
    pytest.mark.browser,
    pytest.mark.worker,
    # The worker is another process: it sees only what is committed.
    pytest.mark.django_db(transaction=True),
]
LEARNING = 240_000


@pytest.fixture
def page(chromium: str, complaints: list[str]) -> Iterator[Page]:
    with opened_page(chromium, complaints, width=1280) as page:
        yield page


def test_name_find_compare_apply_and_see(live_server, worker: Worker, page: Page, complaints: list[str]):
    open_shop()
    tea = Category.objects.get(name="Tea")
    Product.objects.create(sku="new-tea", name="Tea of the mountains", category=tea, currency="USD", price="4.00")
    User.objects.create_superuser("anna", "anna@example.com", PASSWORD)
    log_in(page, f"{live_server.url}/offers/new/", "anna")

    name_an_offer(page)
    find_the_best(page, live_server.url)
    compare_three_benefits(page)
    apply_one(page)

    page.get_by_role("link", name="Simulations", exact=True).click()
    expect(page.get_by_text("On past campaigns the same method held in")).to_be_visible()
    expect(page.locator("[data-chart] [data-chart-figure] .main-svg").first).to_be_visible()
    assert complaints == []


def name_an_offer(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Mountain tea for less")
    page.locator("label", has_text="Percent off").click()
    page.get_by_label("Saves, in percent").fill("10")
    page.get_by_label("Cost of one use").fill("0.40")
    page.get_by_label("Article numbers").fill("new-tea")
    page.get_by_role("button", name="Save offer").click()
    expect(page.get_by_role("heading", name="Mountain tea for less")).to_be_visible()


def find_the_best(page: Page, home: str) -> None:
    page.goto(f"{home}/campaigns/new/")
    page.get_by_label("Name", exact=True).fill("Mountain tea")
    page.get_by_label("How many").first.fill("40")
    page.get_by_placeholder("Search offers by name").fill("Mountain")
    page.get_by_text("Mountain tea for less").first.click()
    page.get_by_label("Cost of reaching one customer").fill("0.05")
    page.get_by_label("Margin before the discount").fill("50")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Save campaign").click()
    page.get_by_role("button", name="Rehearse it").click()
    expect(page.get_by_role("heading", name="Who it goes to")).to_be_visible(timeout=LEARNING)
    expect(page.get_by_role("heading", name="Has anything like it been sent before?")).to_be_visible()


def compare_three_benefits(page: Page) -> None:
    page.get_by_role("link", name="Compare plans").click()
    for percent in ("20", "30"):
        page.get_by_label("Name of this plan").first.fill(f"Save {percent}%")
        page.get_by_label("Customers save, in percent").fill(percent)
        page.get_by_role("button", name="Add and simulate").click()
        expect(page.locator("td.plan strong", has_text=f"Save {percent}%")).to_be_visible()
    expect(page.get_by_role("heading", name="Which plan leaves the most?")).to_be_visible()
    expect(page.get_by_text("told apart", exact=False).first).to_be_visible()
    assert Scenario.objects.filter(removed_at=None).count() == 3


def apply_one(page: Page) -> None:
    page.get_by_role("button", name="Apply “Save 20%” to the campaign").click()
    expect(page.get_by_text("“Save 20%” is now the plan of this campaign.")).to_be_visible()
    campaign = Campaign.objects.get(name="Mountain tea")
    assert campaign.offers.get().benefit_percent == 20
    assert campaign.audience_rule == {"kind": "best", "n": 40}
