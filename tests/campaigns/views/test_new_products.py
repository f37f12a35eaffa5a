import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.models import NewProduct, NewProductSimulation, Offer
from loyalty.models import Category, Customer, Job, Order, OrderLine, Product
from segments.models import Segment
from tests.rows import AT, fill, make_audience, make_new_product_simulation

pytestmark = pytest.mark.django_db
GOOD = {"name": "Cold brew", "category": "Grocery > New", "brand": "", "price": "3.49", "attributes": "size: 12 OZ"}


@pytest.fixture(autouse=True)
def _logged_in(marketer, client):
    client.force_login(marketer)


def text_of(client, address):
    return client.get(address).content.decode()


def test_an_empty_page_says_what_to_do(client):
    assert "Nothing was tried yet" in text_of(client, reverse("new-product"))


def test_a_plan_is_kept_and_a_job_begun(client, marketer):
    Category.objects.create(path="Grocery > New", name="New")

    response = client.post(reverse("new-product"), GOOD)

    product, job = NewProduct.objects.get(), Job.objects.get()
    assert response.url == job.get_absolute_url()
    assert (product.attributes, product.created_by) == ({"size": "12 OZ"}, marketer)
    assert job.params["new_product_id"] == product.pk


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Give the product a name."),
        ({"price": "cheap"}, "Write the price as a number, for example 2.49."),
        ({"price": "0"}, "Write a price above zero"),
        ({"category": "Nowhere"}, "There is no such category. Choose one from the list."),
        ({"attributes": "big"}, "Write each attribute on a line of its own"),
    ],
)
def test_what_cannot_be_taken_is_told_beside_its_field(client, wrong, sentence):
    Category.objects.create(path="Grocery > New", name="New")

    response = client.post(reverse("new-product"), {**GOOD, **wrong})

    assert sentence in response.content.decode()
    assert not NewProduct.objects.exists()


def test_the_result_says_how_many_with_an_interval_and_what_it_rests_on(client):
    fill(1)
    text = text_of(client, NewProductSimulation.objects.get().get_absolute_url())

    assert "We expect <em>104</em> customers to buy it within 8 weeks" in text
    assert "<em>101 and 107</em>" in text
    assert "Tested on past launches" in text
    assert "Your price times a tested count" in text
    assert "Learnt from 40 products that came new" in text


def test_the_list_of_buyers_is_exported(client):
    fill(1)
    found = client.get(NewProductSimulation.objects.get().get_absolute_url(), {"format": "csv"})

    rows = list(csv.reader(io.StringIO(b"".join(found.streaming_content).decode("utf-8-sig"))))
    assert rows[0] == ["Place", "Customer", "Chance", "At least", "At most", "Reason"]
    assert len(rows) == 2


def test_the_first_buyers_are_made_a_segment(client):
    simulation = make_new_product_simulation(1, make_audience(1, Customer.objects.create(external_id="c")))

    response = client.post(reverse("new-product-segment", args=[simulation.pk]), {"n": "1"})

    assert response.url == Segment.objects.get().get_absolute_url()


def test_a_senseless_number_of_buyers_is_told(client):
    simulation = make_new_product_simulation(1, make_audience(1))

    response = client.post(reverse("new-product-segment", args=[simulation.pk]), {"n": "0"}, follow=True)

    assert "Write how many customers, from 1 to 1,000." in response.content.decode()
    assert not Segment.objects.exists()


def test_more_tries_cost_no_more_queries(client, django_assert_max_num_queries):
    make_new_product_simulation(1, make_audience(1))
    sell("new1")
    client.get(reverse("new-product"))
    with django_assert_max_num_queries(20) as few:
        client.get(reverse("new-product"))
    for number in range(2, 8):
        make_new_product_simulation(number, make_audience(number))
        sell(f"new{number}")
    with django_assert_max_num_queries(len(few)):
        text = text_of(client, reverse("new-product"))
    assert "not sold yet" not in text


def sell(sku):
    make_order(f"o-{sku}", Customer.objects.create(external_id=sku), Product.objects.create(sku=sku, currency="USD"))


def make_order(key, customer, product):
    order = Order.objects.create(external_id=key, customer=customer, ordered_at=AT + timedelta(days=1), currency="USD")
    OrderLine.objects.create(order=order, line_number=1, product=product, quantity=2, amount=5)


def test_more_buyers_cost_no_more_queries(client, django_assert_max_num_queries):
    people = [Customer.objects.create(external_id=f"c{number}") for number in range(20)]
    few = make_new_product_simulation(1, make_audience(1, *people[:2]))
    many = make_new_product_simulation(2, make_audience(2, *people))
    client.get(few.get_absolute_url())
    with django_assert_max_num_queries(20) as queries:
        client.get(few.get_absolute_url())
    with django_assert_max_num_queries(len(queries)):
        client.get(many.get_absolute_url())


class TestWhatNext:
    def test_an_offer_begins_with_what_is_known_of_the_product(self, client):
        fill(1)
        found = NewProductSimulation.objects.get()
        assert f"?new_product={found.new_product_id}" in text_of(client, found.get_absolute_url())

        form = text_of(client, f"{reverse('offer-new')}?new_product={found.new_product_id}")

        assert 'value="New 0"' in form
        assert "Grocery &gt; New" in form

    def test_the_offer_names_it_and_leads_back(self, client):
        fill(1)
        found = NewProductSimulation.objects.get()
        values = {"name": "New for less", "mechanic": "coupon", "new_product": found.new_product_id}

        page = client.post(reverse("offer-new"), values, follow=True).content.decode()

        assert "not on sale yet" in page
        assert found.get_absolute_url() in page
        assert "New for less" in text_of(client, found.get_absolute_url())

    @pytest.mark.parametrize("key", ["", "0", "x", "9" * 30, "\N{SUPERSCRIPT TWO}"])
    def test_a_product_that_is_not_there_begins_an_ordinary_offer(self, client, key):
        assert "Choose categories" in text_of(client, f"{reverse('offer-new')}?new_product={key}")
        assert client.post(reverse("offer-new"), {"new_product": key}).status_code == 200

    def test_its_first_buyers_begin_a_campaign_with_its_offers(self, client):
        fill(1)
        found = NewProductSimulation.objects.get()
        offer = Offer.objects.create(
            external_id="n", name="New for less", mechanic="coupon", currency="USD", new_product=found.new_product
        )

        response = client.post(reverse("new-product-segment", args=[found.pk]), {"n": "20", "then": "campaign"})

        segment = Segment.objects.get(description__contains="new product no.")
        assert response.url == f"{reverse('campaign-new')}?segment={segment.pk}&offers={offer.pk}"

    def test_on_sale_it_is_linked_with_its_article(self, client):
        fill(1)
        found = NewProductSimulation.objects.get()
        Product.objects.create(sku="fresh", name="Fresh", currency="USD")
        url = reverse("new-product-on-sale", args=[found.pk])

        assert "No product has the article number" in client.post(url, {"sku": "no"}, follow=True).content.decode()
        assert "Linked." in client.post(url, {"sku": "fresh"}, follow=True).content.decode()
        assert NewProduct.objects.get().sku == "fresh"
