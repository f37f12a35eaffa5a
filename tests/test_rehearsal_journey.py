"""Try a new product, name an offer on it, find the best audience, compare benefits, apply one, see the scoreboard."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, Offer, Pilot, Scenario
from loyalty.models import Customer, Product
from tests.browsing import PASSWORD, log_in, opened_page
from tests.campaigns.launch_shop import open_launch_shop
from tests.campaigns.shop import send_campaigns
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


def test_from_a_new_product_to_the_scoreboard(live_server, worker: Worker, page: Page, complaints: list[str]):
    open_launch_shop()
    send_campaigns(list(Customer.objects.order_by("pk")), Product.objects.get(sku="p500"))
    User.objects.create_superuser("anna", "anna@example.com", PASSWORD)
    log_in(page, f"{live_server.url}/simulations/", "anna")

    try_a_new_product(page)
    name_an_offer(page)
    find_the_best(page)
    compare_three_benefits(page)
    apply_one(page)
    try_it_on_a_few_first(page)
    see_the_scoreboard(page)

    assert complaints == []


def try_a_new_product(page: Page) -> None:
    page.get_by_role("link", name="Try a new product").first.click()
    page.get_by_label("Name", exact=True).fill("Odd novelty")
    page.get_by_label("Price of a piece").fill("4.50")
    page.get_by_label("Category").fill("Shop > left")
    page.get_by_label("Brand").fill("odd")
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("link", name="See the forecast").first.click(timeout=LEARNING)
    expect(page.get_by_role("heading", name="Who would buy it first?")).to_be_visible()


def name_an_offer(page: Page) -> None:
    page.get_by_role("link", name="Make an offer on it").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Odd novelty")
    expect(page.locator("dd", has_text="Shop > left")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Odd novelty for less")
    page.locator("label", has_text="Percent off").click()
    page.get_by_label("Saves, in percent").fill("10")
    page.get_by_label("Cost of one use").fill("0.40")
    page.get_by_role("button", name="Save offer").click()
    expect(page.get_by_role("heading", name="Odd novelty for less")).to_be_visible()
    assert Offer.objects.get(name="Odd novelty for less").new_product.name == "Odd novelty"


def find_the_best(page: Page) -> None:
    page.get_by_role("link", name="Use in a campaign").click()
    page.get_by_label("Name", exact=True).fill("Odd weeks")
    page.get_by_label("How many").first.fill("52")
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
    campaign = Campaign.objects.get(name="Odd weeks")
    assert campaign.offers.get().benefit_percent == 20
    assert campaign.offers.get().new_product.name == "Odd novelty"
    assert campaign.audience_rule == {"kind": "best", "n": 52}


def try_it_on_a_few_first(page: Page) -> None:
    page.locator("a.row-title", has_text="The 52 people").first.click()
    page.get_by_role("link", name="Try it on a few first").click()
    page.get_by_role("button", name="Draw this pilot").click()
    expect(page.get_by_text("The pilot is drawn.")).to_be_visible()
    pilot = Pilot.objects.get()
    assert pilot.campaign.offers.get().benefit_percent == 20
    assert pilot.rest.members.count() + pilot.campaign.audience.members.count() == 52
    page.get_by_role("link", name="Odd weeks", exact=True).click()


def see_the_scoreboard(page: Page) -> None:
    page.get_by_role("link", name="How good were earlier ones?").click()
    expect(page.get_by_text("past campaigns went as the 90% interval had promised")).to_be_visible()
    expect(page.locator("[data-chart] [data-chart-figure] .main-svg").first).to_be_visible()
