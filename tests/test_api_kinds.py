"""Every kind of record has its batch-upsert, made of what the kind declares."""

import pytest
from rest_framework.test import APIClient

from campaigns.models import AudienceMember, Campaign, Offer, OfferProduct, Redemption
from loyalty.api.doors import Door
from loyalty.models import Consent, Customer, Interaction, Rating
from loyalty.services.ingest import kind_named, kinds
from tests.rows import bearer, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(marketer):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(marketer))
    return client


@pytest.fixture
def shop():
    Customer.objects.create(external_id="c1")
    make_product(1)


def upsert(api, noun, *rows):
    response = api.post(f"/api/v1/{noun}/batch-upsert", {"rows": list(rows)})
    assert response.status_code == 200, response.content
    return [result["status"] for result in response.json()["results"]]


EVENT = {
    "source": "web",
    "event_id": "e1",
    "customer": "c1",
    "type": "Product Viewed",
    "occurred_at": "2017-11-01T12:00:00Z",
    "sku": "p1",
    "properties": {"page": 2},
}
OFFER = {"external_id": "SPRING", "name": "Spring", "mechanic": "amount_off"}
CAMPAIGN = {
    "external_id": "2017-11",
    "name": "November",
    "type": "booklet",
    "starts_at": "2017-11-01T00:00:00Z",
    "ends_at": "2017-12-01T00:00:00Z",
    "state": "completed",
}


def test_every_kind_has_an_address(api):
    for kind in kinds():
        response = api.post(f"/api/v1/{Door(kind).noun}/batch-upsert", {"rows": [{}]})
        assert response.status_code == 200, kind.name
        assert response.json()["results"][0]["status"] == "rejected"


def test_an_event_told_twice_is_one(api, shop):
    assert upsert(api, "interactions", EVENT, EVENT) == ["created", "unchanged"]
    assert upsert(api, "interactions", EVENT) == ["unchanged"]
    assert upsert(api, "interactions", {**EVENT, "source": "app"}) == ["created"]
    assert upsert(api, "interactions", {**EVENT, "properties": {"page": 3}}) == ["updated"]
    assert Interaction.objects.count() == 2


def test_opinions_and_permissions_come_in(api, shop):
    rating = {"customer": "c1", "sku": "p1", "kind": "explicit", "source": "form", "value": 0.5}
    assert upsert(api, "ratings", {**rating, "rated_at": "2017-11-01T12:00:00Z"}) == ["created"]
    consent = {"customer": "c1", "purpose": "marketing", "channel": "email", "state": "granted"}
    assert upsert(api, "consents", {**consent, "at": "2017-11-01T12:00:00Z"}) == ["created"]
    assert Rating.objects.get().value == 0.5
    assert Consent.objects.get().source == "API, marketer"


def test_past_campaigns_come_in_with_everything_that_belongs_to_them(api, shop):
    assert upsert(api, "offers", OFFER) == ["created"]
    assert upsert(api, "offer-products", {"offer": "SPRING", "sku": "p1"}) == ["created"]
    assert upsert(api, "campaigns", CAMPAIGN) == ["created"]
    assert upsert(api, "campaign-offers", {"campaign": "2017-11", "offer": "SPRING"}) == ["created"]
    assert upsert(api, "sends", {"campaign": "2017-11", "customer": "c1"}) == ["created"]
    used = {"campaign": "2017-11", "offer": "SPRING", "customer": "c1", "redeemed_at": "2017-11-07T12:15:00Z"}
    assert upsert(api, "redemptions", used, {**used, "customer": "nobody"}) == ["created", "rejected"]
    assert [model.objects.count() for model in (Offer, OfferProduct, Campaign, AudienceMember, Redemption)] == [1] * 5


def test_a_refusal_speaks_the_words_of_the_api(api, shop):
    body = api.post("/api/v1/redemptions/batch-upsert", {"rows": [{"customer_id": "c1"}]}).json()
    (unknown,) = [error for error in body["results"][0]["errors"] if error["field"] == "customer_id"]
    assert unknown["reason"] == (
        "There is no such field. Choose from: campaign, offer, customer, redeemed_at, order, code, discount."
    )


def test_one_needs_the_permission_for_every_table_of_the_kind(django_user_model):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(django_user_model.objects.create_user("plain")))
    for kind in kinds():
        assert client.post(f"/api/v1/{Door(kind).noun}/batch-upsert", {"rows": [{}]}).status_code == 403, kind.name


def test_the_words_of_the_api_are_those_of_its_lists():
    assert Door(kind_named("orders")).names == {"external_id": "order_id", "customer": "customer_id"}
    assert Door(kind_named("customers")).names == {"external_id": "customer_id"}
    assert Door(kind_named("products")).names == {}
