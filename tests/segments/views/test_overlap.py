from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.models import Campaign
from loyalty.models import Customer, Order, OrderLine
from loyalty.services.sales import add_up_sales
from segments.models import Segment
from segments.services.memberships import Members, keep_members
from tests.rows import AT, make_audience, make_campaign, make_product

pytestmark = pytest.mark.django_db


def make_segment(name, customers):
    segment = Segment.objects.create(kind="rule", name=name, created_at=AT)
    keep_members(segment=segment, members=Members.of([customer.pk for customer in customers]), at=AT)
    return segment


def make_customers(n):
    first = Customer.objects.count()
    return Customer.objects.bulk_create(Customer(external_id=f"o{number}") for number in range(first, first + n))


def buy(customers, product, n, amount=10):
    """Each of them orders it `n` times within the last weeks."""
    orders = Order.objects.bulk_create(
        Order(
            external_id=f"{customer.external_id}-{product.sku}-{turn}",
            customer=customer,
            ordered_at=AT - timedelta(days=3 * turn + 1),
            currency="USD",
        )
        for customer in customers
        for turn in range(n)
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, line_number=1, product=product, quantity=1, amount=amount + order.pk % 3)
        for order in orders
    )
    add_up_sales()


def test_nothing_to_lay_over_each_other(client, marketer):
    client.force_login(marketer)
    assert "Nothing to lay over each other yet" in client.get(reverse("segments-overlap")).content.decode()


def test_segments_and_running_campaigns_are_laid_over_each_other(client, marketer):
    people = make_customers(10)
    first, second = make_segment("First", people[:6]), make_segment("Second", people[4:])
    make_campaign(1, state=Campaign.State.RUNNING, audience=make_audience(1, *people[:2]), name="Spring")
    make_campaign(2, state=Campaign.State.COMPLETED, audience=make_audience(2, *people), name="Winter")
    client.force_login(marketer)

    response = client.get(reverse("segments-overlap"))

    names = [crowd.name for crowd in response.context["crowds"]]
    assert names == ["Spring", "First", "Second"]
    pairs = {(row[0], row[1]): row[3] for row in response.context["matrix_chart"].table.rows}
    assert pairs["First", "Second"] == pairs["Second", "First"] == 2
    assert pairs["Spring", "First"] == 2
    combinations = {row[0]: row[2] for row in response.context["upset_chart"].table.rows}
    assert combinations == {"Second": 4, "First": 2, "First + Second": 2, "Spring + First": 2}
    assert f'value="segment-{first.pk}" checked' in response.content.decode()
    assert second.name in response.content.decode()


def test_what_is_asked_for_is_shown_and_no_more_than_anybody_can_read(client, marketer):
    people = make_customers(3)
    made = [make_segment(f"Segment {number}", people) for number in range(12)]
    client.force_login(marketer)

    two = client.get(reverse("segments-overlap"), {"of": [f"segment-{made[3].pk}", f"segment-{made[7].pk}"]})
    all_of_them = client.get(reverse("segments-overlap"), {"of": [f"segment-{one.pk}" for one in made]})

    assert len(two.context["chosen"]) == 2
    assert len(all_of_them.context["chosen"]) == 10
    assert "Only the first 10" in all_of_them.content.decode()


def test_members_who_left_do_not_count(client, marketer):
    people = make_customers(4)
    make_segment("First", people)
    second = make_segment("Second", people)
    keep_members(segment=second, members=Members.of([people[0].pk]), at=AT + timedelta(days=1))
    client.force_login(marketer)

    rows = client.get(reverse("segments-overlap")).context["matrix_chart"].table.rows

    assert {row[3] for row in rows} == {1}


@pytest.mark.parametrize("asked", ["nonsense", "segment-999999"])
def test_what_is_not_there_is_left_out(client, marketer, asked):
    make_segment("First", make_customers(3))
    client.force_login(marketer)
    response = client.get(reverse("segments-overlap"), {"of": asked})
    assert response.status_code == 200
    assert "One is not enough" in response.content.decode()


def test_more_customers_need_no_more_queries(client, marketer, django_assert_max_num_queries):
    first, second = make_segment("First", make_customers(4)), make_segment("Second", make_customers(4))
    client.force_login(marketer)
    with django_assert_max_num_queries(20) as few:
        client.get(reverse("segments-overlap"))
    more = Members.of([customer.pk for customer in make_customers(30)])
    for segment in (first, second):
        keep_members(segment=segment, members=more, at=AT + timedelta(days=1))

    with django_assert_max_num_queries(len(few)):
        client.get(reverse("segments-overlap"))


def two_kinds_of_customers():
    tea, soap = make_product(1), make_product(2)
    often, seldom = make_customers(30), make_customers(30)
    buy(often, tea, 6)
    buy(seldom, tea, 1)
    buy(seldom[:24], soap, 1)
    return make_segment("Often", often), make_segment("Seldom", seldom)


def test_what_differs_is_told_and_what_does_not_is_not(client, marketer):
    one, other = two_kinds_of_customers()
    client.force_login(marketer)

    response = client.get(reverse("segments-compare"), {"one": one.pk, "other": other.pk})

    habits = {habit.label: habit.found for habit in response.context["found"].habits}
    assert habits["Orders in a year"].low > 0
    assert not habits["Discount as a share of the full price"].is_told
    assert "Higher in Often" in response.content.decode()
    assert "cannot tell" in response.content.decode()


def test_customers_in_both_are_left_out(client, marketer):
    one, other = two_kinds_of_customers()
    shared = make_customers(5)
    for segment in (one, other):
        inside = [*segment.memberships.values_list("customer", flat=True), *(customer.pk for customer in shared)]
        keep_members(segment=segment, members=Members.of(inside), at=AT + timedelta(days=1))
    client.force_login(marketer)

    found = client.get(reverse("segments-compare"), {"one": one.pk, "other": other.pk}).context["found"]

    assert (found.one.n_customers, found.other.n_customers, found.n_both) == (30, 30, 5)


@pytest.mark.parametrize("case", ["the same", "the same people", "nothing chosen"])
def test_what_cannot_be_compared_is_a_sentence(client, marketer, case):
    one, _ = two_kinds_of_customers()
    twin = make_segment("Twin", Customer.objects.filter(segment_memberships__segment=one))
    asked = {"the same": {"one": one.pk, "other": one.pk}, "the same people": {"one": one.pk, "other": twin.pk}}
    client.force_login(marketer)

    text = client.get(reverse("segments-compare"), asked.get(case, {})).content.decode()

    told = {
        "the same": "Choose two different segments to compare.",
        "the same people": "One of them has nobody whom the other has not",
        "nothing chosen": "Choose two segments",
    }
    assert told[case] in text


def test_comparing_more_customers_needs_no_more_queries(client, marketer, django_assert_max_num_queries):
    one, other = two_kinds_of_customers()
    client.force_login(marketer)
    asked = {"one": one.pk, "other": other.pk}
    with django_assert_max_num_queries(40) as few:
        client.get(reverse("segments-compare"), asked)
    more = make_customers(30)
    keep_members(segment=one, members=Members.of([customer.pk for customer in more]), at=AT + timedelta(days=1))

    with django_assert_max_num_queries(len(few)):
        client.get(reverse("segments-compare"), asked)
