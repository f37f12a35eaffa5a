import pytest
from django.urls import reverse

from loyalty.models import Customer
from loyalty.services.sales import add_up_sales
from recommender.models import ModelVersion, ProductRelation, Recommendation
from tests.rows import AT, make_order, make_product, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, marketer):
    client.force_login(marketer)


def sell(n, first=0):
    """Products 0 to n-1; product i is bought i+1 times, by as many customers."""
    for number in range(first, first + n):
        product = make_product(number)
        for _ in range(number + 1):
            customer = Customer.objects.create(external_id=f"c{Customer.objects.count()}")
            make_order(customer.pk, customer, product)
    add_up_sales()


def names(response):
    return [product.sku for product in response.context["page"].rows]


def test_most_sold_come_first(client):
    sell(3)
    make_product(9, "unsold")

    response = client.get(reverse("products"))

    assert names(response) == ["p2", "p1", "p0"]
    assert response.context["page"].rows[0].n_customers == 3


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"sort": "fewest"}, ["p0", "p1", "p2"]),
        ({"sort": "name"}, ["p0", "p1", "p2"]),
        ({"sort": "nonsense"}, ["p2", "p1", "p0"]),
        ({"show": "never"}, ["unsold9"]),
        ({"show": "all", "sort": "fewest"}, ["unsold9", "p0", "p1", "p2"]),
        ({"q": "product P1"}, ["p1"]),
        ({"q": "p2"}, ["p2"]),
        ({"q": "no such\0thing"}, []),
        ({"department": "x"}, ["p2", "p1", "p0"]),
        ({"department": "999999"}, []),
    ],
)
def test_filters_are_in_the_address(client, given, found):
    sell(3)
    make_product(9, "unsold")

    assert names(client.get(reverse("products"), given)) == found


def test_a_search_without_result_says_what_to_do(client):
    sell(1)
    assert "No product matches" in client.get(reverse("products"), {"q": "zzz"}).content.decode()


def test_the_list_is_written_out_safely(client):
    product = make_product(0)
    product.name = "=1+1"
    product.save()
    make_order(0, Customer.objects.create(external_id="c"), product)
    add_up_sales()

    lines = b"".join(client.get(reverse("products"), {"format": "csv"})).decode().splitlines()

    assert lines[1] == "p0,'=1+1,Grocery > Shelf 0,,5.00,USD,1"


def test_more_products_need_no_more_queries(client, django_assert_max_num_queries):
    sell(2)
    with django_assert_max_num_queries(30) as few:
        client.get(reverse("products"))
    sell(4, first=2)

    with django_assert_max_num_queries(len(few)):
        client.get(reverse("products"))


def relate(product, n, version):
    for number in range(n):
        ProductRelation.objects.create(
            product=product,
            other=make_product(100 + number),
            kind="similar",
            score=0.9 - number / 10,
            model_version=version,
            evidence={"orders": 9, "other_orders": 5 + number, "orders_together": 3 + number},
        )


def test_a_product_shows_its_neighbours_with_the_evidence(client):
    sell(1)
    product = Customer.objects.get().orders.get().lines.get().product
    version = make_version(1, alias="champion", purpose="product_relation")
    relate(product, 2, version)

    response = client.get(product.get_absolute_url())

    nearest = response.context["neighbours"].related[0]
    assert (nearest.product.sku, nearest.orders, nearest.orders_together) == ("p100", 5, 3)
    assert "Most in" in response.context["sales_chart"].answer
    assert response.context["n_recommended"] == 0


def test_neighbours_of_a_version_that_does_not_serve_are_not_shown(client):
    sell(1)
    product = Customer.objects.get().orders.get().lines.get().product
    relate(product, 2, make_version(1))

    response = client.get(product.get_absolute_url())

    assert not response.context["neighbours"]
    assert "Nothing known to be alike" in response.content.decode()


def test_recommendations_of_the_version_in_use_are_counted(client):
    sell(2)
    product = make_product(50)
    version = make_version(1)
    ModelVersion.objects.filter(pk=version.pk).update(alias="champion")
    for customer in Customer.objects.all():
        Recommendation.objects.create(
            customer=customer, product=product, model_version=version, rank=1, score=1, reason="x", made_at=AT
        )

    assert client.get(product.get_absolute_url()).context["n_recommended"] == 3


def test_a_product_that_is_not_there(client):
    assert client.get(reverse("product", args=[99])).status_code == 404
