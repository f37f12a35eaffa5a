from decimal import Decimal

import pytest

from campaigns.services.offers import OfferInvalid, OfferPlan, create_offer
from loyalty.models import Category, Product
from tests.rows import make_product

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
