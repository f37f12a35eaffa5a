"""Open a campaign, have offers suggested, accept them, see them on the customer's page, read them by the API."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Offer, OfferAssignment
from loyalty.models import Consent
from tests.browsing import PASSWORD, log_in, opened_page
from tests.campaigns.shop import DAY, Shop, add_campaign, add_order, open_shop
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
    with opened_page(chromium, complaints, width=1280) as page:
        yield page


def a_campaign_to_come(shop: Shop) -> str:
    for redemption in shop.campaigns[-1].redemptions.all():
        add_order(redemption.customer, shop.products[0], redemption.redeemed_at, coupon=0.5)
    after = shop.next_campaign.ends_at + 9 * DAY
    money = {"cost_per_contact": "0.05", "margin_share": "0.500"}
    campaign = add_campaign("Tea for you", shop.products[0], starts_at=after, **money)
    Offer.objects.filter(campaigns=campaign).update(cost_per_redemption="0.10")
    return campaign.get_absolute_url()


def test_suggest_accept_see_read_and_refuse(live_server, worker: Worker, page: Page, complaints: list[str]):
    address = a_campaign_to_come(open_shop())
    User.objects.create_superuser("anna", "anna@example.com", PASSWORD)
    log_in(page, f"{live_server.url}{address}", "anna")

    page.get_by_role("button", name="Suggest offers").click()
    page.get_by_role("link", name="See the offers").click(timeout=LEARNING)
    expect(page.get_by_text("Expected to leave")).to_be_visible()
    page.get_by_role("link", name="See them all").click()
    accept_the_best(page)

    accepted = OfferAssignment.objects.get(status="accepted")
    customer, api = accepted.customer, f"{live_server.url}/api/v1/customers/{accepted.customer.external_id}/offers"
    page.goto(f"{live_server.url}{customer.get_absolute_url()}")
    expect(page.locator("#next-best-offers").get_by_text("Tea for you").first).to_be_visible()
    expect(page.locator("#next-best-offers").get_by_text("Accepted")).to_be_visible()
    assert [one["id"] for one in page.request.get(api).json()["results"]] == [accepted.pk]

    Consent.objects.create(customer=customer, channel="mail", state="revoked", source="form", at=timezone.now())

    page.reload()
    expect(page.get_by_text("No offer for them now")).to_be_visible()
    page.get_by_role("link", name="See why not").click()
    expect(page.get_by_text("They do not allow marketing on this channel.").first).to_be_visible()
    assert page.request.get(api).json()["results"] == []
    assert complaints == []


def accept_the_best(page: Page) -> None:
    expect(page.get_by_role("heading", name="How far did the offers come?")).to_be_visible()
    page.locator("input[name=ids]").first.check()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Accepted: 1 offer.")).to_be_visible()
