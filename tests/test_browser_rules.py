"""The rule builder in a real browser, by mouse and by keyboard."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from loyalty.models import Consent, Customer
from loyalty.services.progress import QuietProgress
from loyalty.services.sales import add_up_sales
from segments.models import Segment, SegmentMembership
from segments.services.refreshing import refresh_segments
from tests.browsing import log_in, opened_page
from tests.loyalty.features.world import buy, make_product
from tests.rows import make_rule_segment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_async_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright's loop runs in this thread; the test talks to the database between its steps, never within.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(chromium: str, complaints: list[str], live_server, marketer) -> Iterator[Page]:
    open_cellar()
    with opened_page(chromium, complaints, width=1280, home=live_server.url) as page:
        page.set_default_timeout(90_000)
        log_in(page, "/login/", "marketer")
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        yield page


def open_cellar() -> None:
    """Of twelve customers six bought wine, three of them twice; all but one of those allow e-mail."""
    wine, tea = make_product("w1", "Wine"), make_product("t1", "Tea, green; black")
    for number in range(12):
        customer = Customer.objects.create(external_id=f"c{number}", name=f"Customer {number}")
        buy(customer, wine if number < 6 else tea, now() - timedelta(days=5), 20)
        if number < 3:
            buy(customer, wine, now() - timedelta(days=2), 20)
        state = "denied" if number == 0 else "granted"
        Consent.objects.create(
            customer=customer, channel="email", state=state, source="form", at=now() - timedelta(days=9)
        )
    add_up_sales()


def counted(page: Page, text: str) -> None:
    expect(page.locator("[data-rule-count]")).to_have_text(text, timeout=20_000)


def test_a_rule_is_put_together_counted_and_kept(page, complaints):
    page.goto("/segments/")
    page.get_by_role("link", name="New rule").first.click()
    page.get_by_role("button", name="Add a condition").click()
    counted(page, "12 of 12 customers")

    page.get_by_role("button", name="Say of what").click()
    page.get_by_label("Which").fill("Wine")
    counted(page, "6 of 12 customers")
    page.get_by_label("When").select_option("last_days")
    row = page.locator(".rule-row").first
    row.locator(".rule-measured input").fill("2")
    counted(page, "3 of 12 customers")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Kind of condition").nth(1).select_option("consent")
    counted(page, "2 of 12 customers")
    expect(page.locator("[data-rule-sentence]")).to_have_text(
        "Bought in “Wine” at least 2 times in the last 30 days and allows marketing by email."
    )

    page.get_by_label("Name").fill("Wine lovers")
    page.get_by_role("button", name="Save segment").click()
    expect(page.get_by_role("heading", name="Wine lovers", level=1)).to_be_visible()
    refresh_segments(segment_ids=None, is_full=False, at=now(), report=QuietProgress())
    page.reload()
    expect(page.get_by_text("Is this segment growing?")).to_be_visible()
    page.get_by_role("link", name="Who came and left").click()
    expect(page.get_by_text("The segment was made").first).to_be_visible()
    assert SegmentMembership.objects.filter(segment__name="Wine lovers", valid_until=None).count() == 2
    assert complaints == []


def test_a_kept_rule_comes_back_as_it_was(page, complaints):
    rule = {
        "some": [
            {"kind": "bought", "about": {"category": ["Wine"], "product": ["w1"]}, "when": {"days_ago": [60, 3]},
             "counts": {"times": {"between": [1, 4]}, "spend": {"less_than": 99.5}}},
            {"not": {"every": [{"kind": "feature", "name": "coupon_share_all", "test": {"at_most": 0.25}},
                               {"kind": "consent", "purpose": "marketing", "channel": "email", "state": "refused"}]}},
            {"kind": "did", "when": {"since": "2026-01-01"}, "counts": {"times": {"exactly": 0}}},
            {"kind": "prediction", "name": "chance_alive", "test": {"known": True}},
            {"not": {"kind": "feature", "name": "orders_90", "test": {"more_than": 3}}},
        ]
    }  # fmt: skip
    segment = make_rule_segment(1, tree={"version": 1, "rule": rule})
    page.goto(f"/segments/{segment.pk}/rule/")
    expect(page.locator(".rule-row")).to_have_count(6)
    page.get_by_role("button", name="Save segment").click()
    expect(page.get_by_role("heading", name="Rule 1", level=1)).to_be_visible()

    kept = Segment.objects.get(pk=segment.pk).rule
    assert json.dumps(kept.tree["rule"], sort_keys=True) == json.dumps(rule, sort_keys=True)
    assert kept.version == 1
    assert complaints == []


def test_the_builder_can_be_used_by_keyboard_and_says_where_it_is_wrong(page, complaints):
    page.goto("/segments/rules/new/")
    page.get_by_role("button", name="Add a condition").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Holds or not")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Kind of condition")).to_be_focused()
    page.get_by_label("When").select_option("last_days")
    page.get_by_label("Days").fill("")
    expect(page.locator(".rule-row.is-wrong .rule-problem")).to_contain_text("whole number of days", timeout=20_000)
    page.get_by_label("Days").fill("9")
    counted(page, "12 of 12 customers")
    page.get_by_role("button", name="Take out this condition").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".rule-row")).to_have_count(0)
    assert complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_builder_and_the_list_fit_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("/segments/", "/segments/rules/new/"):
        page.goto(address)
        if "new" in address:
            for _ in range(2):
                page.get_by_role("button", name="Add a condition").click()
            page.get_by_role("button", name="Say of what").first.click()
            page.get_by_label("Kind of condition").nth(1).select_option("feature")
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), address
