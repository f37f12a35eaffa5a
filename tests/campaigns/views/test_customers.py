from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty.models import Customer, Product
from loyalty.services.sales import add_up_sales
from recommender.models import ProductRelation
from segments.models import Segmentation, SegmentMembership
from tests.campaigns.shop import open_shop
from tests.rows import AT, fill, make_order, make_product, make_segment, make_shortlist, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, marketer, settings):
    settings.TIME_ZONE = "UTC"
    client.force_login(marketer)


def people(n):
    """Customer i has i orders of 5, the newest of customer 1 the newest of all."""
    product = make_product(1)
    found = [Customer.objects.create(external_id=f"c{number}") for number in range(n)]
    for customer in found:
        for _ in range(found.index(customer)):
            number = Customer.objects.count() * 100 + product.order_lines.count()
            make_order(number, customer, product)
            customer.orders.update(ordered_at=AT - timedelta(days=found.index(customer)))
    add_up_sales()
    return found


def numbers(response):
    return [row.customer.external_id for row in response.context["rows"]]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("spend", ["c3", "c2", "c1", "c0"]),
        ("least", ["c0", "c1", "c2", "c3"]),
        ("recent", ["c1", "c2", "c3", "c0"]),
        ("longest", ["c0", "c3", "c2", "c1"]),
        ("nonsense", ["c3", "c2", "c1", "c0"]),
    ],
)
def test_customers_are_sorted(client, sort, found):
    people(4)
    assert numbers(client.get(reverse("customers"), {"sort": sort})) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("c2", ["c2"]), ("C2", ["c2"]), ("2", []), ("c", ["c2", "c1", "c0"]), ("\0", ["c2", "c1", "c0"])],
)
def test_customers_are_found_by_the_beginning_of_their_number(client, text, found):
    people(3)
    assert numbers(client.get(reverse("customers"), {"q": text})) == found


def test_only_those_in_a_segment(client):
    _, first, second = people(3)
    segment = make_segment(1, first)
    Segmentation.objects.update(is_current=True)

    response = client.get(reverse("customers"), {"segment": segment.pk})

    assert numbers(response) == [first.external_id]
    assert response.context["rows"][0].segment == segment
    assert ">1 customer<" in response.content.decode()
    assert second.external_id not in numbers(response)


def test_who_left_a_segment_is_not_in_it(client):
    _, first = people(2)
    segment = make_segment(1, first)
    SegmentMembership.objects.update(valid_until=AT + timedelta(days=1))

    assert numbers(client.get(reverse("customers"), {"segment": segment.pk})) == []


def test_a_list_without_anybody_has_one_thing_to_do(client):
    assert "No customers yet" in client.get(reverse("customers")).content.decode()
    people(1)
    assert "No customer matches" in client.get(reverse("customers"), {"q": "zzz"}).content.decode()


def test_paging_goes_through_everybody_once(client):
    Customer.objects.bulk_create(Customer(external_id=f"d{number}") for number in range(120))
    add_up_sales()

    seen, page = [], ""
    while True:
        response = client.get(reverse("customers"), {"page": page})
        seen += numbers(response)
        page = response.context["page"].after
        if not page:
            break

    assert len(seen) == len(set(seen)) == 120


def test_the_list_is_written_out_in_its_order(client):
    people(3)
    Customer.objects.filter(external_id="c0").update(name="@SUM(A1)")

    response = client.get(reverse("customers"), {"format": "csv", "sort": "spend"})

    lines = b"".join(response).decode().splitlines()
    assert lines[0] == "customer,name,orders,spend,currency,last ordered at,segment"
    assert [line.split(",")[0] for line in lines[1:]] == ["c2", "c1", "c0"]
    assert lines[3].startswith("c0,'@SUM(A1),0,0,")


def test_more_customers_need_no_more_queries(client, django_assert_max_num_queries):
    fill(3)
    with django_assert_max_num_queries(30) as few:
        client.get(reverse("customers"))
    fill(12)

    with django_assert_max_num_queries(len(few)):
        client.get(reverse("customers"))


def test_one_customer_shows_what_they_did(client):
    shop = open_shop(n_campaigns=2)
    add_up_sales()
    customer = shop.customers[0]

    response = client.get(customer.get_absolute_url())

    context = response.context
    taken = customer.redemptions.count()
    assert context["sales"].n_orders == customer.orders.count()
    assert sum(one.n_taken for one in context["received"]) == taken > 0
    assert len(context["taken"]) == min(taken, 12)
    assert len(context["orders"]) == 12
    assert context["orders"].rows[0].ordered_at == customer.orders.order_by("-ordered_at").first().ordered_at
    months = [row[1] for row in context["spend_chart"].table.rows]
    assert sum(months) == sum(row[1] for row in context["mix_chart"].table.rows) == context["sales"].spend


def test_one_customer_shows_what_they_would_be_shown_and_what_stands_in_for_the_sold_out(client):
    customer, product, other = Customer.objects.create(external_id="c"), make_product(1), make_product(1, "other")
    assert "No recommendations yet" in client.get(customer.get_absolute_url()).content.decode()
    version = make_version(1, alias="champion")
    make_shortlist(customer, version, [product])
    page = client.get(customer.get_absolute_url()).content.decode()
    assert "Product p1" in page
    assert version.label in page

    relations = make_version(2, purpose="product_relation", alias="champion")
    ProductRelation.objects.create(
        product=product, other=other, kind="substitute", score=0.9, model_version=relations, evidence={"baskets": 9}
    )
    Product.objects.filter(pk=product.pk).update(stock=0)

    page = client.get(customer.get_absolute_url()).content.decode()
    assert "Product other1" in page
    assert "which is out of stock" in page


def test_somebody_who_never_bought_has_a_page(client):
    customer = Customer.objects.create(external_id="new")

    text = client.get(customer.get_absolute_url()).content.decode()

    assert "No order so far." in text
    assert "There are no sales" in text


def test_what_a_customer_wrote_is_only_text(client):
    customer = Customer.objects.create(external_id="x", name="<script>alert(1)</script>")

    text = client.get(customer.get_absolute_url()).content.decode()

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_more_orders_need_no_more_queries(client, django_assert_max_num_queries):
    fill(1)
    customer = Customer.objects.get()
    with django_assert_max_num_queries(30) as few:
        client.get(customer.get_absolute_url())
    product = make_product(77)
    for number in range(100, 110):
        make_order(number, customer, product)

    with django_assert_max_num_queries(len(few)):
        client.get(customer.get_absolute_url())


def test_a_customer_who_is_not_there(client):
    assert client.get(reverse("customer", args=[99])).status_code == 404
