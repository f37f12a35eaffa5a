from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty.models import Customer, Job, ProductSilence
from recommender.models import ModelVersion, ProductRelation
from tests.rows import AT, make_product, make_report, make_silences, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, marketer):
    client.force_login(marketer)


def judge(n, first=0, **values):
    report = make_report() if first == 0 else ProductSilence.objects.first().report
    for number in range(first, first + n):
        customer = Customer.objects.create(external_id=f"s{number}", name=f"Customer {number}")
        make_silences(report, customer, make_product(number, "bad"), **values)
    return report


def relate(product, other, kind, score):
    version = ModelVersion.objects.filter(purpose="product_relation").first() or make_version(
        1, purpose="product_relation", alias="champion"
    )
    ProductRelation.objects.create(product=product, other=other, kind=kind, score=score, model_version=version)


def page(client, **given):
    return client.get(reverse("losing-products"), given)


def test_products_that_stand_out_are_listed_with_their_numbers(client):
    judge(1)

    text = page(client).content.decode()

    assert "Product bad0" in text
    assert "9.0–30.0" in text
    assert "under 1 in 1,000" in text
    assert "After Product bad0: 9 fell silent where 0.4 were to be expected." in text


def test_where_none_stands_out_it_says_so_and_how_many_were_looked_at(client):
    judge(2, is_flagged=False, q=0.8)

    text = page(client).content.decode()

    assert "No product stands out" in text
    assert "looked at 5 products" in text
    assert "After none of 2 products more often than chance explains." in text
    assert "Product bad1" in page(client, show="all").content.decode()


def test_before_anybody_looked_there_is_one_thing_to_do(client):
    text = page(client).content.decode()

    assert "Nobody has looked yet" in text
    assert "Look now" in text


def test_looking_again_queues_one_job(client):
    for _ in range(2):
        assert client.post(reverse("losing-products-look")).status_code == 302

    assert Job.objects.filter(parent=None).count() == 1
    assert "Find who fell silent" in page(client).content.decode()


def test_the_nearest_in_stock_is_offered_instead(client):
    report = judge(2)
    bad, other_bad = (one.product for one in report.products.order_by("pk"))
    sold_out, similar, instead = (make_product(n, "good") for n in range(3))
    sold_out.stock = 0
    sold_out.save()
    relate(bad, sold_out, "substitute", 0.99)
    relate(bad, other_bad, "substitute", 0.98)
    relate(bad, similar, "similar", 0.97)
    relate(bad, instead, "substitute", 0.5)

    rows = page(client).context["rows"]

    assert {one.product: substitute for one, substitute in rows} == {bad: instead, other_bad: None}


def test_the_evidence_lists_the_customers_with_their_rhythm(client):
    report = judge(1)
    one = report.products.get()

    response = client.get(reverse("product-silence", args=[one.product_id]))

    text = response.content.decode()
    assert "Customer 0" in text
    assert "3.5 days" in text
    assert "40 days" in text
    lines = b"".join(client.get(response.request["PATH_INFO"], {"format": "csv"})).decode().splitlines()
    assert lines[1] == f"s0,Customer 0,{AT.date() - timedelta(days=40)},12,3.5,28.0,40,,1"


def test_a_product_nobody_could_judge_says_so(client):
    judge(1)

    text = client.get(reverse("product-silence", args=[make_product(7).pk])).content.decode()

    assert "Too few to say" in text
    assert client.get(reverse("product-silence", args=[999_999])).status_code == 404


def test_the_product_page_says_what_behaviour_says(client):
    report = judge(1)
    product = report.products.get().product

    text = client.get(product.get_absolute_url()).content.decode()

    assert "It loses customers:" in text
    assert "9 of 50 regular customers stayed away" in text


def test_the_list_is_written_out_safely(client):
    report = judge(1)
    product = report.products.get().product
    product.name = "=cmd()"
    product.save()

    lines = b"".join(page(client, format="csv")).decode().splitlines()

    assert lines[1].startswith("bad0,'=cmd(),50,9,0.4,18.0,9.0,30.0")


@pytest.mark.parametrize("given", [{"sort": "nonsense"}, {"q": "no\0thing"}, {"page": "x"}, {"show": "?"}])
def test_nonsense_in_the_address_is_harmless(client, given):
    judge(1)
    assert page(client, **given).status_code == 200


def test_more_products_need_no_more_queries(client, django_assert_max_num_queries):
    judge(2)
    with django_assert_max_num_queries(30) as few:
        page(client)
    judge(6, first=2)
    with django_assert_max_num_queries(len(few)):
        page(client)


def test_more_evidence_needs_no_more_queries(client, django_assert_max_num_queries):
    report = judge(1)
    address = reverse("product-silence", args=[report.products.get().product_id])
    with django_assert_max_num_queries(30) as few:
        client.get(address)
    for number in range(5):
        customer = Customer.objects.create(external_id=f"more{number}")
        report.buyers.create(
            product=report.products.get().product, customer=customer, bought_on=AT.date(), n_visits=11,
            usual_gap_days=3, allowed_gap_days=28, gap_days=40, n_new_products=1, is_counted=True,
        )  # fmt: skip
    with django_assert_max_num_queries(len(few)):
        assert len(client.get(address).context["page"].rows) == 6
