"""Keys for other systems: kept as a hash, never more than their scopes, nor than the person who made them."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from loyalty.models import ApiKey
from loyalty.services.keys import KeyRefused, create_key, key_for, revoke_key
from loyalty.services.scopes import READABLE, scopes
from tests.rows import bearer, fill

pytestmark = pytest.mark.django_db
ASKED = {"name": "Web shop", "days": "90", "scopes": ["customers:write", "orders:read"]}


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


def calling(header):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    return client


def made(user, *names, **more):
    return create_key(user=user, name="Shop", scope_names=names or ("*:read",), at=timezone.now(), **more)


def test_the_secret_is_kept_nowhere(marketer):
    key, told = made(marketer)
    _, prefix, secret = told.split("_", 2)
    assert prefix == key.prefix
    assert len(secret) >= 43
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(k)::text FROM loyalty_apikey k")
        (kept,) = cursor.fetchone()
    assert secret not in kept


def test_every_change_of_a_key_closes_the_door(marketer):
    key, told = made(marketer)
    assert key_for(told=told, at=timezone.now()) == key
    wrong = [told[:-1] + ("a" if told[-1] != "a" else "b"), told[:-1], told.replace("rk_", "xx_"), "", "rk_", "ü"]
    assert [key_for(told=text, at=timezone.now()) for text in wrong] == [None] * 6


def test_a_key_that_ran_out_was_taken_away_or_lost_its_person_opens_nothing(marketer):
    ran_out = made(marketer, expires_at=timezone.now() - timedelta(seconds=1))[1]
    key, taken = made(marketer)
    assert revoke_key(key=key, at=timezone.now())
    assert not revoke_key(key=key, at=timezone.now())
    left = made(marketer)[1]
    assert calling(f"Bearer {left}").get("/api/v1/jobs").status_code == 200
    marketer.is_active = False
    marketer.save()
    for told in (ran_out, taken, left):
        response = calling(f"Bearer {told}").get("/api/v1/jobs")
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("word", ["Bearer", "bearer", "Token"])
def test_both_words_before_the_key_are_understood(marketer, word):
    assert calling(f"{word} {made(marketer)[1]}").get("/api/v1/jobs").status_code == 200


@pytest.mark.parametrize(
    ("names", "reads_customers", "reads_orders", "writes_customers"),
    [
        (("customers:read",), 200, 403, 403),
        (("customers:write",), 403, 403, 200),
        (("*:read",), 200, 200, 403),
        (("*:write",), 403, 403, 200),
        (("orders:read", "customers:write"), 403, 200, 200),
    ],
)
def test_a_key_does_what_its_scopes_name(marketer, names, reads_customers, reads_orders, writes_customers):
    api = calling(bearer(marketer, *names))
    assert api.get("/api/v1/customers").status_code == reads_customers
    assert api.get("/api/v1/orders").status_code == reads_orders
    written = api.post("/api/v1/customers/batch-upsert", {"rows": [{"external_id": "a"}]})
    assert written.status_code == writes_customers


def test_a_refusal_names_the_scope_that_is_missing(marketer):
    response = calling(bearer(marketer, "orders:read")).get("/api/v1/customers")
    assert "customers:read" in response.json()["detail"]


def test_a_key_never_does_what_its_person_may_not(django_user_model):
    reader = django_user_model.objects.create_user("reader")
    reader.user_permissions.add(Permission.objects.get(codename="view_customer"))
    api = calling(bearer(reader))
    assert api.get("/api/v1/customers").status_code == 200
    assert api.get("/api/v1/orders").status_code == 403
    assert api.post("/api/v1/customers", {"external_id": "a"}).status_code == 403


def test_what_a_person_may_do_comes_with_the_key_and_is_what_django_says(django_user_model):
    person = django_user_model.objects.create_user("person")
    group = Group.objects.create(name="Readers")
    group.permissions.set(Permission.objects.filter(codename__in=["view_order", "view_product"]))
    person.groups.add(group)
    person.user_permissions.add(Permission.objects.get(codename="view_customer"))
    _, told = made(person)

    def may():
        with CaptureQueriesContext(connection) as asked:
            told_of = key_for(told=told, at=timezone.now()).user.get_all_permissions()
        assert sum("auth_permission" in query["sql"] for query in asked) == 1
        return told_of

    assert may() == django_user_model.objects.get(pk=person.pk).get_all_permissions()
    assert len(may()) == 3
    group.permissions.clear()
    assert may() == {"loyalty.view_customer"}


def test_the_use_of_a_key_is_noted_once_a_minute(marketer, at):
    key, told = made(marketer)
    key_for(told=told, at=at)
    with CaptureQueriesContext(connection) as second:
        key_for(told=told, at=at + timedelta(seconds=59))
    key_for(told=told, at=at + timedelta(seconds=60))
    key.refresh_from_db()
    assert key.last_used_at == at + timedelta(seconds=60)
    assert len(second) == 1


@pytest.mark.parametrize("names", [(), ("customers:delete",), ("*",)])
def test_a_scope_that_there_is_not_is_refused(marketer, names):
    with pytest.raises(KeyRefused):
        create_key(user=marketer, name="Shop", scope_names=names, at=timezone.now())


def views_below(resolver):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from views_below(pattern)
        elif hasattr(pattern.callback, "actions"):
            yield pattern.callback.cls


def test_every_address_of_the_api_names_its_scope():
    views = list(views_below(get_resolver()))
    nouns = {view.noun for view in views}
    assert nouns == {scope.name.partition(":")[0] for scope in scopes()} - {"*"}
    assert {view.noun for view in views if hasattr(view, "list")} == set(READABLE)


def test_a_new_key_is_shown_once_and_works(browser):
    page = browser.post(reverse("keys"), ASKED)
    (told,) = set(re.findall(r"rk_[0-9a-f]{12}_[\w-]{43}", page.content.decode()))
    assert "no-store" in page["Cache-Control"]
    assert told not in browser.get(reverse("keys")).content.decode()
    assert calling(f"Bearer {told}").get("/api/v1/orders").status_code == 200
    key = ApiKey.objects.get()
    assert (key.name, key.scopes) == ("Web shop", ASKED["scopes"])
    assert key.expires_at - key.created_at == timedelta(days=90)


def test_the_page_says_in_plain_words_what_a_key_may_do(browser):
    browser.post(reverse("keys"), {**ASKED, "days": "0"})
    page = browser.get(reverse("keys")).content.decode()
    for words in ("Web shop", "Bring in and change customers", "Read orders", "never", "you take it away"):
        assert words in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Name the system"),
        ({"scopes": []}, "Choose at least one thing"),
        ({"scopes": ["customers:delete"]}, "Select a valid choice"),
        ({"days": "7"}, "Choose one of the times"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(browser, changes, sentence):
    assert sentence in browser.post(reverse("keys"), {**ASKED, **changes}).content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_is_taken_away_by_its_own_person_only(browser, client, django_user_model):
    browser.post(reverse("keys"), ASKED)
    key = ApiKey.objects.get()
    assert "is gone" in browser.post(reverse("key-revoke", args=[key.pk]), follow=True).content.decode()
    assert "gone already" in browser.post(reverse("key-revoke", args=[key.pk]), follow=True).content.decode()
    other = made(django_user_model.objects.create_user("other"))[0]
    assert browser.post(reverse("key-revoke", args=[other.pk])).status_code == 404
    other.refresh_from_db()
    assert other.revoked_at is None


def test_more_keys_cost_no_more_queries(browser, marketer):
    fill(1)
    made(marketer)
    with CaptureQueriesContext(connection) as few:
        browser.get(reverse("keys"))
    for _ in range(3):
        made(marketer)
    with CaptureQueriesContext(connection) as many:
        browser.get(reverse("keys"))
    assert len(many) == len(few)


def test_the_admin_shows_keys_but_no_hash(browser, marketer):
    key, _ = made(marketer)
    page = browser.get(reverse("admin:loyalty_apikey_change", args=[key.pk])).content.decode()
    assert key.prefix in page
    assert key.secret_sha256 not in page
