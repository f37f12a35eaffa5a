"""One record at a time: what was read is changed, or it is said that it is not what was read any more."""

import threading

import pytest
from django.db import connection
from rest_framework.test import APIClient

from loyalty.models import Customer, Product
from tests.rows import bearer, fill, make_order, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(marketer):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(marketer))
    return client


@pytest.fixture
def ada():
    return Customer.objects.create(external_id="a", name="Ada", location="Rome")


def test_what_is_known_already_is_not_sent_again(api, ada):
    first = api.get("/api/v1/customers/a")
    again = api.get("/api/v1/customers/a", headers={"If-None-Match": f'"x", W/{first["ETag"]}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Customer.objects.update(name="Bo")
    changed = api.get("/api/v1/customers/a", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_every_single_record_has_a_strong_etag(api):
    fill(1)
    for address in ("customers/c0", "products/p0", "orders/o0", "jobs", "segments", "campaigns", "simulations"):
        body = api.get(f"/api/v1/{address}").json()
        one = f"{address}/{body['results'][0]['id']}" if "results" in body else address
        assert api.get(f"/api/v1/{one}")["ETag"].startswith('"'), one


def test_some_fields_are_changed_and_the_others_stay(api, ada):
    etag = api.get("/api/v1/customers/a")["ETag"]
    response = api.patch("/api/v1/customers/a", {"name": "Bo"}, headers={"If-Match": etag})
    assert response.status_code == 200
    assert (response.json()["name"], response.json()["location"]) == ("Bo", "Rome")
    assert response["ETag"] == api.get("/api/v1/customers/a")["ETag"] != etag


def test_a_product_is_changed_without_naming_what_it_needs(api):
    make_product(1)
    response = api.patch("/api/v1/products/p1", {"price": "3.75", "stock": 8}, headers={"If-Match": "*"})
    assert (response.json()["price"], response.json()["stock"], response.json()["name"]) == ("3.75", 8, "Product p1")


def test_a_change_of_something_else_than_was_read_is_refused(api, ada):
    etag = api.get("/api/v1/customers/a")["ETag"]
    Customer.objects.update(location="Paris")
    for method, body in (("patch", {"name": "Bo"}), ("delete", None)):
        response = getattr(api, method)("/api/v1/customers/a", body, headers={"If-Match": etag})
        assert response.status_code == 412
        assert response["Content-Type"] == "application/problem+json"
    weak = api.patch("/api/v1/customers/a", {}, headers={"If-Match": f"W/{api.get('/api/v1/customers/a')['ETag']}"})
    assert weak.status_code == 412
    assert Customer.objects.get().name == "Ada"


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_who_does_not_say_what_was_read_is_asked_to(api, ada, method):
    response = getattr(api, method)("/api/v1/customers/a", {})
    assert response.status_code == 428
    assert "If-Match: *" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"external_id": "b"}, "external_id", "cannot be changed"),
        ({"nmae": "x"}, "nmae", "no such field"),
        ({"joined_on": "soon"}, "joined_on", "date"),
        ({"created_at": "2017-11-01"}, "created_at", "no such field"),
        ([], "", "object"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_at_its_field(api, ada, body, field, words):
    response = api.patch("/api/v1/customers/a", body, headers={"If-Match": "*"})
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert words in error["reason"]


def test_a_mistake_is_taken_back(api, ada):
    assert api.delete("/api/v1/customers/a", headers={"If-Match": "*"}).status_code == 204
    assert api.get("/api/v1/customers/a").status_code == 404


def test_what_has_a_history_stays(api, ada):
    make_order(1, ada, make_product(1))
    for address, words in (("customers/a", "orders of this customer"), ("products/p1", "order lines of this product")):
        response = api.delete(f"/api/v1/{address}", headers={"If-Match": "*"})
        assert response.status_code == 409
        assert words in response.json()["detail"]
    assert (Customer.objects.count(), Product.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_read_the_same_only_one_changes_it(api, marketer):
    Customer.objects.create(external_id="a", name="Ada")
    etag, header = api.get("/api/v1/customers/a")["ETag"], bearer(marketer)
    codes, barrier = [], threading.Barrier(4)

    def change(number):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=header)
        barrier.wait()
        body = {"name": f"Name {number}"}
        codes.append(client.patch("/api/v1/customers/a", body, headers={"If-Match": etag}).status_code)
        connection.close()

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 412, 412, 412]
