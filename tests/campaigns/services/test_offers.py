from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns.services.new_products import NewProductInvalid, put_on_sale
from campaigns.services.offers import OfferInvalid, OfferPlan, create_offer
from loyalty.models import Category, Customer, Product
from tests.campaigns.shop import add_order
from tests.rows import make_audience, make_new_product_simulation, make_product

pytestmark = pytest.mark.django_db


def plan(**changes):
    given = {"name": "Tea", "mechanic": "percent_off", "currency": "USD", "benefit_percent": Decimal(20)}
    return OfferPlan(**{**given, **changes})


def test_a_category_brings_everything_below_it_and_nothing_beside_it():
    inside, beside = make_product(1), make_product(2)
    below = Category.objects.create(path="Grocery > Shelf 1 > Green", name="Green")
    deep = Product.objects.create(sku="deep", name="Deep", category=below, currency="USD")
    shelf = Category.objects.get(path="Grocery > Shelf 1")

    offer = create_offer(plan=plan(category_ids=(shelf.pk,)))

    assert set(offer.products.all()) == {inside, deep}
    assert beside not in offer.products.all()


def test_category_and_article_numbers_are_joined_without_doubles():
    first, second = make_product(1), make_product(2)

    offer = create_offer(plan=plan(category_ids=(first.category_id,), skus=("p1", "p2")))

    assert sorted(offer.products.values_list("pk", flat=True)) == [first.pk, second.pk]


def test_many_unknown_article_numbers_are_named_and_counted():
    make_product(1)

    with pytest.raises(OfferInvalid, match="“x5” and 3 more") as caught:
        create_offer(plan=plan(skus=("p1", *(f"x{number}" for number in range(1, 9)))))
    assert caught.value.field == "skus"


def test_an_offer_can_be_for_a_product_that_is_not_on_sale_yet():
    product = make_new_product_simulation(1, make_audience(1)).new_product

    offer = create_offer(plan=plan(new_product_id=product.pk))

    assert offer.new_product == product
    assert not offer.products.exists()


def test_once_it_is_on_sale_its_offers_are_for_it(marketer, at):
    product = make_new_product_simulation(1, make_audience(1)).new_product
    offer = create_offer(plan=plan(new_product_id=product.pk))
    article = make_product(1)

    put_on_sale(product=product, sku="p1", by=marketer, at=at)
    put_on_sale(product=product, sku="p1", by=marketer, at=at)

    assert offer.products.get() == article
    product.refresh_from_db()
    assert product.sku == "p1"
    later = create_offer(plan=plan(name="More tea", new_product_id=product.pk))
    assert later.products.get() == article


@pytest.mark.parametrize(
    ("sku", "sentence"),
    [("nobody", "No product has the article number"), ("\0", "No product"), ("old", "was sold before this was tried")],
    ids=["unknown", "unreadable", "sold long ago"],
)
def test_it_becomes_only_an_article_that_is_new(marketer, at, sku, sentence):
    simulation = make_new_product_simulation(1, make_audience(1))
    old = Product.objects.create(sku="old", name="Old", currency="USD")
    add_order(Customer.objects.create(external_id="c1"), old, simulation.as_of - timedelta(days=3))

    with pytest.raises(NewProductInvalid, match=sentence):
        put_on_sale(product=simulation.new_product, sku=sku, by=marketer, at=at)
