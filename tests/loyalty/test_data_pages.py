"""The page Data and what was found in the data: read from one report, in few queries, decided by those who may."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import (
    Customer,
    DataFlag,
    DataReport,
    FlagDecision,
    IngestRun,
    Interaction,
    Job,
    Order,
    OrderLine,
    Product,
)
from loyalty.queries.cleaning.findings import CHECK_WORDINGS, LINE_WORDINGS
from loyalty.queries.data_reports import data_report
from loyalty.services.inspection import inspect_data, is_behind, start_inspection
from loyalty.services.progress import QuietProgress

pytestmark = pytest.mark.django_db
NAMES = [wording.name for wording in (*LINE_WORDINGS, *CHECK_WORDINGS)]


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


def text_of(response):
    return response.content.decode()


def make_run(at, **values):
    return IngestRun.objects.create(**{"kind": "customers", "source": "people.csv", "started_at": at, **values})


def inspect(at):
    inspect_data(as_of=at, at=at, report=QuietProgress())
    report = data_report()
    assert report is not None
    return report


def make_orders(at, n=3):
    product = Product.objects.create(sku="p1", name="Tea", currency="USD")
    customer = Customer.objects.create(external_id="c1")
    for number in range(n):
        order = Order.objects.create(
            external_id=f"o{number}",
            customer=customer,
            ordered_at=at - timedelta(weeks=2 * number, minutes=1),
            currency="USD",
        )
        OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=2)


def make_odd(at, n):
    """Products sold by weight, as many lines twice and lines of nobody as asked for."""
    first = Product.objects.count()
    for number in range(first, first + n):
        product = Product.objects.create(sku=f"odd{number}", name="=Ham", currency="USD")
        for line in range(6):
            order = Order.objects.create(
                external_id=f"odd{number}-{line}", ordered_at=at - timedelta(1), currency="USD"
            )
            for twice in (1, 2):
                OrderLine.objects.create(order=order, line_number=twice, product=product, quantity="0.375", amount=3)


def n_queries(browser, url):
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_an_empty_shop_is_told_what_to_import_first(browser):
    page = text_of(browser.get(reverse("data")))
    assert "Nothing imported yet" in page
    assert "data-chart" not in page
    assert not Job.objects.exists()


def test_the_page_needs_no_more_queries_for_more_rows(browser, at, marketer):
    make_odd(at, 2)
    inspect(at)
    for _ in range(2):
        make_run(at, started_by=marketer, finished_at=at, state="done")
    start_inspection(by=None, at=at)
    names = ["data", "cleaning", *(("finding", name) for name in ("unit", "repeated-line", "nobody"))]
    urls = [reverse(name) if isinstance(name, str) else reverse(name[0], args=[name[1]]) for name in names]
    before = [n_queries(browser, url) for url in urls]
    make_odd(at, 6)
    inspect(at)
    for _ in range(8):
        make_run(at, started_by=marketer, finished_at=at, state="done")
    assert [n_queries(browser, url) for url in urls] == before
    assert max(before) <= 25


def test_the_audit_counts_what_is_there_and_what_is_not(at):
    make_orders(at)
    Product.objects.create(sku="p2", name="Salt", currency="USD", price=2, is_catalogued=False)
    report = inspect(at)
    sizes = {size["name"]: size["n_rows"] for size in report.sizes}
    assert (sizes["Customers"], sizes["Products"], sizes["Orders"], sizes["Order lines"]) == (1, 2, 3, 3)
    assert (report.counts.density, report.counts.repeat_share, report.counts.n_returning) == (1.0, 1.0, 1)
    assert report.n_unknown_products == 1
    assert {gap.column: gap.share for gap in report.gaps if gap.table == "Products"}["price"] == 0.5


def test_the_audit_finds_weeks_without_orders_and_orders_that_stand_there_twice(at):
    make_orders(at)
    twin = Order.objects.get(external_id="o0")
    again = Order.objects.create(
        external_id="o0 again", customer=twin.customer, ordered_at=twin.ordered_at, currency="USD"
    )
    OrderLine.objects.create(order=again, line_number=1, product=Product.objects.get(), quantity=1, amount=2)
    report = inspect(at)
    assert [week.n_orders > 0 for week in report.weeks] == [True, False, True, False, True]
    assert {one.name: one.n for one in report.twice}["repeated-order"] == 1


def test_what_customers_do_is_counted_by_type(browser, at):
    make_orders(at)
    for number in range(4):
        Interaction.objects.create(
            customer=Customer.objects.get(),
            type="Product Viewed" if number else "Cart Viewed",
            occurred_at=at - timedelta(hours=1),
            source="web",
            event_id=f"e{number}",
        )
    report = inspect(at)
    assert [(one.type, one.n_rows) for one in report.types] == [("Product Viewed", 3), ("Cart Viewed", 1)]
    assert "Most of all “Product Viewed”: 75% of 4 interactions" in text_of(browser.get(reverse("data")))


def test_what_no_longer_comes_is_late_by_its_own_history(at):
    make_orders(at, n=10)
    orders = inspect(at).freshness[0]
    assert orders.usual == timedelta(days=14)
    assert [orders.is_late(at + timedelta(days=days)) for days in (28, 30)] == [False, True]
    assert inspect(at).freshness[1].is_late(at) is None


def test_a_filled_shop_is_drawn(browser, at):
    make_orders(at)
    inspect(at)
    page = text_of(browser.get(reverse("data")))
    assert "2 of 5 weeks have none" in page
    assert "Most of all products’" in page
    assert "Needs at least 100 customers with 5 or more different products; there are 0." in page


def test_the_newest_imports_are_shown_and_no_more(browser, at):
    for number in range(7):
        make_run(at, source=f"file-{number}.csv")
    page = text_of(browser.get(reverse("data")))
    assert [f"file-{number}.csv" in page for number in range(7)] == [False, False, True, True, True, True, True]
    assert reverse("imports") in page


def test_a_page_whose_report_is_behind_has_it_made_again_once(browser, at, django_capture_on_commit_callbacks):
    make_orders(at)
    with django_capture_on_commit_callbacks() as woken:
        browser.get(reverse("data"))
        browser.get(reverse("data"))
    assert Job.objects.filter(task="loyalty.inspect_data").count() == 1
    assert woken
    inspect(at)
    assert not is_behind(at=at)
    make_run(at)
    assert [is_behind(at=at + timedelta(minutes=minutes)) for minutes in (5, 15)] == [False, True]


def test_somebody_asks_for_another_look(browser, marketer, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as woken:
        browser.post(reverse("data-inspect"))
        response = browser.post(reverse("data-inspect"))
    job = Job.objects.get()
    assert (job.task, job.started_by, response.url) == ("loyalty.inspect_data", marketer, job.get_absolute_url())
    assert woken


def test_before_anybody_looked_the_findings_say_so(browser):
    assert "Nobody has looked at the data yet" in text_of(browser.get(reverse("cleaning")))


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_has_a_page_and_a_file(browser, at, name):
    make_odd(at, 1)
    inspect(at)
    assert browser.get(reverse("finding", args=[name])).status_code == 200
    lines = b"".join(browser.get(reverse("finding-export", args=[name])).streaming_content).decode()
    assert lines.startswith("Record,About,What is odd,Decided")
    assert ",=Ham" not in lines


def test_an_unknown_finding_is_not_found(browser):
    assert browser.get(reverse("finding", args=["socks"])).status_code == 404


def test_findings_are_told_with_their_records(browser, at):
    make_odd(at, 1)
    inspect(at)
    page = text_of(browser.get(reverse("cleaning")))
    assert "Not counted in pieces: kilograms" in page
    assert "12" in page
    product = Product.objects.get()
    page = text_of(browser.get(reverse("finding", args=["nobody"])))
    assert product.get_absolute_url() in page
    assert "0.375 for 3.00 USD" in page
    lines = b"".join(browser.get(reverse("cleaning"), {"format": "csv"}).streaming_content).decode()
    assert "Lines without a customer,12,36.0" in lines


def test_a_finding_is_confirmed_or_rejected_and_the_word_stays(browser, at, marketer):
    make_odd(at, 1)
    inspect(at)
    flag = DataFlag.objects.get(check_name="unit")
    for verdict in ("confirmed", "rejected"):
        browser.post(reverse("flag-decide", args=[flag.pk]), {"verdict": verdict})
        decision = FlagDecision.objects.get()
        assert (decision.verdict, decision.decided_by) == (verdict, marketer)
    inspect(at)
    assert 'id="decide"' not in text_of(browser.get(reverse("cleaning")))
    assert "Rejected" in text_of(browser.get(reverse("finding", args=["unit"])))


def test_what_cannot_be_decided_is_answered_with_a_sentence(browser, at):
    make_odd(at, 1)
    inspect(at)
    shown = DataFlag.objects.filter(check_name="repeated-line").first()
    unit = DataFlag.objects.get(check_name="unit")
    for pk, verdict, sentence in (
        (shown.pk, "confirmed", "This finding is only shown"),
        (unit.pk, "perhaps", "Say whether it is right"),
        (0, "confirmed", "It is no longer found"),
    ):
        response = browser.post(reverse("flag-decide", args=[pk]), {"verdict": verdict}, follow=True)
        assert sentence in text_of(response)
    assert not FlagDecision.objects.exists()


def test_looking_and_deciding_need_the_permission(client, at):
    make_odd(at, 1)
    inspect(at)
    client.force_login(User.objects.create_user("reader", password="a-long-test-password"))
    pk = DataFlag.objects.get(check_name="unit").pk
    assert client.post(reverse("flag-decide", args=[pk]), {"verdict": "rejected"}).status_code == 403
    assert client.post(reverse("data-inspect")).status_code == 403
    page = text_of(client.get(reverse("cleaning")))
    assert reverse("flag-decide", args=[pk]) not in page
    assert "Look again" not in page


def test_only_the_newest_reports_are_kept(at):
    for _ in range(22):
        DataReport.objects.create(as_of=at, made_at=at)
    inspect(at)
    assert DataReport.objects.count() == 20
