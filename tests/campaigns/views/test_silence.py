import pytest
from django.urls import reverse

from loyalty.models import Customer, ImplicitRating, SilentCustomer
from segments.models import Segment
from tests.rows import AT, make_order, make_product, make_report, make_silences

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, marketer):
    client.force_login(marketer)


def fall_silent(n, first=0, **values):
    report = make_report() if first == 0 else SilentCustomer.objects.first().report
    for number in range(first, first + n):
        customer = Customer.objects.create(external_id=f"s{number}", name=f"Customer {number}")
        make_silences(report, customer, make_product(number, "bad"), **values)
    return report


def page(client, **given):
    return client.get(reverse("silent-customers"), given)


def test_the_list_shows_who_and_what_is_at_stake(client):
    fall_silent(2)

    text = page(client).content.decode()

    assert "Customer 1" in text
    assert "3.5 days" in text
    assert "$240.00" in text
    assert "75%" in text


def test_the_alert_on_the_first_page_leads_there_and_can_be_put_aside(client):
    fall_silent(3)

    text = client.get(reverse("home")).content.decode()
    assert "3 regular customers have just fallen silent." in text
    assert "3 products lose customers:" in text
    assert reverse("silent-customers") in text

    client.post(reverse("silence-put-aside"))
    assert "fallen silent." not in client.get(reverse("home")).content.decode()
    assert len(page(client).context["page"].rows) == 3


def test_without_a_report_there_is_no_alert_and_one_thing_to_do(client):
    assert "fallen silent" not in client.get(reverse("home")).content.decode()
    assert "Nobody has looked yet" in page(client).content.decode()


def test_nobody_silent_is_good_news(client):
    make_report()
    assert "Nobody has just fallen silent" in page(client).content.decode()


def test_a_campaign_is_planned_for_exactly_those(client):
    fall_silent(2)
    old = SilentCustomer.objects.last()
    SilentCustomer.objects.filter(pk=old.pk).update(expected_by="2017-01-01")

    response = client.post(reverse("silent-plan"))

    segment = Segment.objects.get()
    assert response.headers["Location"] == f"{reverse('campaign-new')}?segment={segment.pk}"
    assert segment.memberships.count() == 1
    assert client.get(response.headers["Location"]).status_code == 200
    assert client.get(segment.get_absolute_url()).status_code == 200
    client.post(reverse("silent-plan"))
    assert Segment.objects.count() == 1
    assert segment.memberships.count() == 1


def test_with_nobody_to_plan_for_it_says_so(client):
    make_report()

    text = client.post(reverse("silent-plan"), follow=True).content.decode()

    assert "there is nobody to write to" in text


def test_the_list_is_written_out(client):
    fall_silent(1)

    lines = b"".join(page(client, format="csv")).decode().splitlines()

    assert lines[1] == "s0,Customer 0,2017-09-22,40,12,3.5,28.0,2017-10-20,120.0,30.0"


@pytest.mark.parametrize("given", [{"sort": "nonsense"}, {"q": "no\0thing"}, {"page": "x"}, {"show": "all"}])
def test_nonsense_in_the_address_is_harmless(client, given):
    fall_silent(1)
    assert page(client, **given).status_code == 200


def test_more_customers_need_no_more_queries(client, django_assert_max_num_queries):
    fall_silent(2)
    with django_assert_max_num_queries(30) as few:
        page(client)
    fall_silent(6, first=2)
    with django_assert_max_num_queries(len(few)):
        page(client)


def rate(customer, product, signal, value, **evidence):
    told = {"orders": 2, "events": 3, "first_on": "2017-10-01", "last_on": "2017-10-03", **evidence}
    ImplicitRating.objects.create(
        customer=customer, product=product, signal=signal, value=value, weight=2.0, decay=1.0, rated_at=AT,
        evidence=told, definition="1",
    )  # fmt: skip


def test_the_customer_page_says_what_they_like_and_why(client):
    customer, products = Customer.objects.create(external_id="anna"), [make_product(n) for n in range(7)]
    make_order(1, customer, products[0])
    rate(customer, products[0], "repeat_purchase", 1.0)
    rate(customer, products[1], "picked", 1.0)
    rate(customer, products[2], "passed_over", -0.1)
    rate(customer, products[3], "cart_removal", -0.3)
    rate(customer, products[4], "return", -0.8)
    rate(
        customer, products[5], "silence", -0.5,
        bought_on="2017-08-01", gap_days=55, usual_gap_days=6.2, allowed_gap_days=29.0,
    )  # fmt: skip
    rate(customer, products[6], "purchase", 1.0)

    opinions = client.get(customer.get_absolute_url()).context["opinions"]

    assert [one.reason for one in opinions.likes][:1] == ["In 2 orders, last on 3 Oct 2017"]
    assert [one.reason for one in opinions.dislikes] == [
        "Returned 2 times, last on 3 Oct 2017",
        "Bought it first on 1 Aug 2017, then stayed away 55 days; usually comes every 6.2 days",
        "Taken out of the basket 3 times and not bought since 3 Oct 2017",
        "Looked at, and another one bought 3 times, last on 3 Oct 2017",
    ]


def test_more_opinions_need_no_more_queries(client, django_assert_max_num_queries):
    customer = Customer.objects.create(external_id="anna")
    rate(customer, make_product(0), "purchase", 1.0)
    with django_assert_max_num_queries(40) as few:
        client.get(customer.get_absolute_url())
    for number in range(1, 6):
        rate(customer, make_product(number), "purchase", 1.0)
    with django_assert_max_num_queries(len(few)):
        client.get(customer.get_absolute_url())
