"""So many calls a minute: by key, by person, by address; reading and writing apart; across processes."""

import threading

import pytest
from django.db import connection
from django.utils.timezone import now
from rest_framework.test import APIClient

from loyalty.models import CallBudget
from loyalty.services.budgets import Budget, forget_full_buckets, spend
from tests.rows import bearer, fill

FEW = {"read": 3, "write": 2, "anonymous": 2}


@pytest.fixture
def slow(settings):
    settings.API_CALLS_PER_MINUTE = FEW


def calling(user, *scopes):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(user, *scopes))
    return client


def read(api):
    return api.get("/api/v1/customers")


def write(api):
    return api.post("/api/v1/customers/batch-upsert", {"rows": [{"external_id": "a"}]})


@pytest.mark.django_db
def test_reading_and_writing_are_counted_apart(marketer, slow):
    api = calling(marketer)
    assert [read(api).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert [write(api).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.django_db
def test_every_answer_tells_what_is_left_and_a_refusal_when_to_come_back(marketer, slow):
    api = calling(marketer)
    first = read(api)
    assert first["RateLimit-Policy"] == '"read";q=3;w=60'
    assert first["RateLimit"] == '"read";r=2;t=20'
    read(api), read(api)
    refused = read(api)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 20
    assert refused["RateLimit"].startswith('"read";r=0;')


@pytest.mark.django_db
def test_another_key_goes_on_until_the_person_has_had_enough(marketer, slow, settings):
    settings.API_KEYS_AT_FULL_SPEED = 2
    one, two, three = (calling(marketer) for _ in range(3))
    assert [write(api).status_code for api in (one, one, one, two, two)] == [200, 200, 429, 200, 200]
    assert write(three).status_code == 429


@pytest.mark.django_db
def test_the_browser_is_counted_as_well(client, marketer, slow):
    client.force_login(marketer)
    assert [read(client).status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.django_db
def test_a_stranger_cannot_claim_to_be_many(slow):
    answers = [
        APIClient().get("/api/v1/customers", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
        for number in range(3)
    ]
    assert answers == [401, 401, 429]


@pytest.mark.django_db
def test_a_bucket_fills_up_again(django_assert_num_queries):
    assert [spend(caller="key 1", name="read", limit=60).is_granted for _ in range(61)] == [True] * 60 + [False]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_callbudget SET spent_until = spent_until - interval '2 seconds'")
    assert [spend(caller="key 1", name="read", limit=60).is_granted for _ in range(3)] == [True, True, False]
    assert forget_full_buckets() == 0
    CallBudget.objects.update(spent_until=now())
    assert forget_full_buckets() == 1


def test_what_is_left_is_counted_down_to_nothing():
    ahead = [Budget("read", 60, seconds, is_granted=True).remaining for seconds in (1, 30, 59.5, 60)]
    assert ahead == [59, 30, 0, 0]
    assert Budget("read", 60, 59.5, is_granted=False).wait_seconds == 1


@pytest.mark.django_db(transaction=True)
def test_no_more_are_granted_however_many_ask_at_once():
    granted, barrier = [], threading.Barrier(8)

    def ask():
        barrier.wait()
        granted.extend(spend(caller="key 1", name="write", limit=20).is_granted for _ in range(10))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A bucket of 20 gains one every three seconds.
    assert 20 <= sum(granted) <= 22


@pytest.mark.parametrize("offset", ["+20:42", "-16:00", "+23:59"])
def test_a_time_that_is_nowhere_on_earth_is_refused(client, marketer, offset):
    client.force_login(marketer)

    answer = client.get("/api/v1/products", {"updated_since": f"2017-11-19T07:51:08{offset}"})

    assert answer.status_code == 400
    assert "Greenwich" in answer.content.decode()


@pytest.mark.parametrize("cursor", ["cD1hYmM=", "cD0x", "By chance", "cD0="])
def test_a_cursor_that_stands_for_nothing_is_refused_or_empty(client, marketer, cursor):
    client.force_login(marketer)
    fill(1)

    assert client.get("/api/v1/customers/c0/offers", {"cursor": cursor}).status_code in (200, 404)
