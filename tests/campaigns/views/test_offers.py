import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.models import Offer
from tests.rows import fill, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _logged_in(marketer, client):
    client.force_login(marketer)


def test_the_list_filters_by_name_and_kind(client):
    fill(3)
    Offer.objects.filter(name="Offer 2").update(mechanic="points")

    page = client.get(reverse("offers"), {"q": "offer", "mechanic": "points"}).content.decode()

    assert "Offer 2" in page
    assert "Offer 1" not in page


def test_one_offer_shows_products_and_campaigns(client):
    fill(1)
    page = client.get(reverse("offer", args=[Offer.objects.get().pk])).content.decode()

    assert "Product p0" in page
    assert "Campaign 0" in page


def test_the_export_counts_like_the_page(client):
    fill(1)
    heading, row = client.get(reverse("offers"), {"format": "csv"}).getvalue().decode().splitlines()

    assert heading.startswith("Offer,Kind,Products")
    assert row == "Offer 0,Coupon,1,1,1,1,"


def test_making_an_offer_leads_to_it(client):
    make_product(1)
    typed = {"name": "Tea for two", "mechanic": "coupon", "skus": "p1"}

    response = client.post(reverse("offer-new"), typed)

    offer = Offer.objects.get()
    assert response.url == reverse("offer", args=[offer.pk])
    assert offer.products.get().sku == "p1"


def test_a_wrong_article_number_is_named_and_nothing_is_kept(client):
    response = client.post(reverse("offer-new"), {"name": "Tea", "mechanic": "coupon", "skus": "nope"})

    assert "No product has the article number “nope”" in response.content.decode()
    assert not Offer.objects.exists()


def test_without_permission_nobody_makes_one(client):
    client.force_login(User.objects.create_user("guest"))

    assert client.get(reverse("offer-new")).status_code == 403


def test_an_offer_that_is_not_there_is_not_found(client):
    assert client.get(reverse("offer", args=[404])).status_code == 404
