"""A call with an Idempotency-Key is done once, however often and however simultaneously it is sent."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from loyalty.models import AnsweredCall, Customer, IngestRun
from loyalty.services.answers import Call, earlier_answer, forget_answers
from loyalty.tasks import sweep_calls
from tests.rows import bearer

ROWS = {"rows": [{"external_id": "a", "name": "Ada"}]}


def calling(header):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    return client


@pytest.fixture
def api(marketer):
    return calling(bearer(marketer))


def send(api, key, body=ROWS, address="customers/batch-upsert"):
    return api.post(f"/api/v1/{address}", body, headers={"Idempotency-Key": key})


@pytest.mark.django_db
def test_the_same_call_is_answered_the_same_and_done_once(api):
    first, second = send(api, "day 1"), send(api, "day 1")
    assert first.content == second.content
    assert first.json()["counts"]["created"] == 1
    assert (first.get("Idempotent-Replayed"), second.get("Idempotent-Replayed")) == (None, "true")
    assert second["Content-Type"] == "application/json"
    assert IngestRun.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_it_is_done_again(api):
    for status in ("created", "unchanged"):
        response = api.post("/api/v1/customers/batch-upsert", ROWS)
        assert response.json()["results"][0]["status"] == status
    assert IngestRun.objects.count() == 2
    assert not AnsweredCall.objects.exists()


@pytest.mark.django_db
def test_an_answer_keeps_its_code_and_its_headers(api):
    first = send(api, "one", {"external_id": "a"}, "customers")
    second = send(api, "one", {"external_id": "a"}, "customers")
    assert (second.status_code, second["ETag"], second["Location"]) == (201, first["ETag"], "/api/v1/customers/a")
    api.delete("/api/v1/customers/a", headers={"If-Match": "*", "Idempotency-Key": "two"})
    again = api.delete("/api/v1/customers/a", headers={"If-Match": "*", "Idempotency-Key": "two"})
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (204, b"", "true")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "address"),
    [({"rows": [{"external_id": "b"}]}, "customers/batch-upsert"), (ROWS, "products/batch-upsert")],
)
def test_a_key_that_comes_with_another_call_is_refused(api, body, address):
    send(api, "day 1")
    response = send(api, "day 1", body, address)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert not Customer.objects.filter(external_id="b").exists()


@pytest.mark.django_db
def test_another_caller_has_keys_of_its_own(api, marketer):
    send(api, "day 1")
    response = send(calling(bearer(marketer)), "day 1")
    assert response.json()["counts"]["unchanged"] == 1


@pytest.mark.django_db
def test_a_refusal_did_nothing_and_may_be_tried_again(api):
    order = {"external_id": "o", "customer": "a", "ordered_at": "2017-11-01", "lines": [{"sku": "x"}]}
    assert [send(api, "k", order, "orders").status_code for _ in range(2)] == [400, 400]
    assert send(api, "k2", {"external_id": "a"}, "customers").status_code == 201
    assert send(api, "k3", {"external_id": "a"}, "customers").status_code == 409
    assert AnsweredCall.objects.count() == 1


@pytest.mark.django_db
def test_what_failed_half_way_leaves_neither_effect_nor_answer(api, monkeypatch):
    api.raise_request_exception = False
    monkeypatch.setattr("loyalty.api.once.keep_answer", lambda *args, **kwargs: 1 / 0)
    assert send(api, "day 1").status_code == 500
    assert not Customer.objects.exists()
    monkeypatch.undo()
    assert send(api, "day 1").json()["counts"]["created"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "é"])
def test_a_key_that_is_none_is_refused(api, key):
    assert send(api, key).status_code == 400
    assert not Customer.objects.exists()


@pytest.mark.django_db
def test_an_answer_is_told_for_a_day_and_then_forgotten(api):
    send(api, "day 1")
    AnsweredCall.objects.update(answered_at=timezone.now() - timedelta(hours=25))
    assert "Idempotent-Replayed" not in send(api, "day 1")
    assert forget_answers(at=timezone.now()) == 0
    AnsweredCall.objects.update(answered_at=timezone.now() - timedelta(hours=25))
    sweep_calls()
    assert not AnsweredCall.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_call_that_is_under_way_is_not_begun_again(api, marketer):
    held, done = threading.Event(), threading.Event()
    caller = f"key {marketer.api_keys.get().pk}"

    def hold():
        with transaction.atomic():
            earlier_answer(Call(caller, "day 1", "f"), at=timezone.now())
            held.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    response = send(api, "day 1")
    done.set()
    thread.join()
    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert send(api, "day 1").status_code == 200


def at_once(n, call):
    """Call from so many threads, each with a connection of its own."""
    barrier = threading.Barrier(n)

    def one(number):
        barrier.wait()
        try:
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("with_key", "n_done"), [(True, 1), (False, 6)])
def test_many_at_once_are_done_once_and_without_a_key_every_time(marketer, with_key, n_done):
    header = bearer(marketer)
    headers = {"Idempotency-Key": "day 1"} if with_key else {}

    def push(number):
        return calling(header).post("/api/v1/customers/batch-upsert", ROWS, headers=headers).status_code

    codes = at_once(6, push)
    assert IngestRun.objects.count() == n_done
    assert set(codes) <= {200, 409}
    assert codes.count(200) >= n_done
