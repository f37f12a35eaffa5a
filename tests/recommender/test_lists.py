"""A list is remembered until something it depends on changes, by whatever way the change comes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from loyalty.models import Consent, Customer, Order, OrderLine, Product
from loyalty.services.merges import merge_customers
from recommender.models import ModelVersion, ServedList, Shortlist
from recommender.services import lists
from recommender.services.lists import NoSuchCustomer, forget_lists, give_list
from recommender.services.questions import Question, placement_named
from recommender.services.rulings import block_product
from tests.loyalty.ingest.conftest import take
from tests.recommender.test_online import (
    AT,
    artefact_dir,
    buy,
    customer,
    products,
    shortlist,
    skus,
    version,
)
from tests.rows import bearer, make_version

pytestmark = pytest.mark.django_db
__all__ = ["artefact_dir", "customer", "products", "shortlist", "take", "version"]


@pytest.fixture(autouse=True)
def forgotten():
    lists.memory.clear()


@pytest.fixture
def api(marketer):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(marketer))
    return client


def given(at=AT, placement="email", **asked):
    return give_list(Question(placement_named(placement), **asked), customer_key="c0", at=at)


def by_django(what, customer, **_):
    if what == "purchase":
        buy(customer, Product.objects.get(sku="sofa"))
    elif what == "stock":
        Product.objects.filter(sku="tea").update(stock=0)
    else:
        Consent.objects.create(customer=customer, channel="email", state="denied", source="x", at=AT)


def by_sql(what, customer, **_):
    sofa = Product.objects.get(sku="sofa").pk
    statement, values = {
        "purchase": (
            "WITH head AS (INSERT INTO loyalty_order (external_id, customer_id, ordered_at, channel, store, currency) "
            "VALUES ('sql', %s, %s, 'store', '', 'USD') RETURNING id) INSERT INTO loyalty_orderline "
            "(order_id, line_number, product_id, quantity, amount) SELECT id, 1, %s, 1, 1 FROM head",
            [customer.pk, AT, sofa],
        ),
        "stock": ("UPDATE loyalty_product SET stock = 0 WHERE sku = 'tea'", []),
        "consent": (
            "INSERT INTO loyalty_consent (customer_id, purpose, channel, state, source, at) "
            "VALUES (%s, 'marketing', 'email', 'denied', 'x', %s)",
            [customer.pk, AT],
        ),
    }[what]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


IMPORTED = {
    "purchase": (
        "orders",
        "order_id,customer_id,ordered_at,line_number,sku,quantity,amount\nfile,c0,2024-06-30T10:00:00Z,1,sofa,1,9\n",
    ),
    "stock": ("products", "sku,name,stock\ntea,Tea,0\n"),
    "consent": (
        "consents",
        "customer_id,purpose,channel,state,source,at\nc0,marketing,email,denied,form,2024-06-30T10:00:00Z\n",
    ),
}


def by_import(what, take, **_):
    assert take(*IMPORTED[what]).counts[3] == 0


def by_api(what, api, **_):
    line = {"line_number": 1, "sku": "sofa", "quantity": "1", "amount": "9"}
    noun, row = {
        "purchase": (
            "orders",
            {"external_id": "api", "customer": "c0", "ordered_at": "2024-06-30T10:00:00Z", "lines": [line]},
        ),
        "stock": ("products", {"sku": "tea", "name": "Tea", "stock": 0}),
        "consent": (
            "consents",
            {
                "customer": "c0", "purpose": "marketing", "channel": "email", "state": "denied", "source": "form",
                "at": "2024-06-30T10:00:00Z",
            },
        ),
    }[what]  # fmt: skip
    answer = api.post(f"/api/v1/{noun}/batch-upsert", {"rows": [row]}).json()
    assert answer["counts"]["rejected"] == 0, answer


def by_admin(what, customer, client, marketer, **_):
    client.force_login(marketer)
    tea, day = Product.objects.get(sku="tea"), {"0": "2024-06-30", "1": "10:00:00"}
    nobodys = buy(None, Product.objects.get(sku="sofa")).order  # lines are only looked at there; whose they are is told
    address, fields = {
        "purchase": (
            reverse("admin:loyalty_order_change", args=[nobodys.pk]),
            {
                "external_id": nobodys.external_id, "customer": customer.pk, "ordered_at_0": day["0"],
                "ordered_at_1": day["1"], "channel": "store", "currency": "USD", "lines-TOTAL_FORMS": 0,
                "lines-INITIAL_FORMS": 0,
            },
        ),
        "stock": (
            reverse("admin:loyalty_product_change", args=[tea.pk]),
            {
                "sku": "tea", "name": "Tea", "category": tea.category_id, "currency": "USD", "quantity_unit": "each",
                "attributes": "{}", "stock": 0, "is_catalogued": "on",
            },
        ),
        "consent": (
            reverse("admin:loyalty_consent_add"),
            {
                "customer": customer.pk, "purpose": "marketing", "channel": "email", "state": "denied", "source": "x",
                "at_0": day["0"], "at_1": day["1"],
            },
        ),
    }[what]  # fmt: skip
    response = client.post(address, fields)
    assert response.status_code == 302, response.context["errors"]


WAYS = [by_django, by_sql, by_import, by_api, by_admin]


@pytest.mark.parametrize("what", ["purchase", "stock", "consent"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_change_ends_the_list_by_whatever_way_it_comes(way, what, shortlist, customer, take, api, client, marketer):
    before = given()
    assert {"tea", "sofa"} <= set(skus(before.served))
    assert given() is before

    way(what, customer=customer, take=take, api=api, client=client, marketer=marketer)

    after = given()
    assert after is not before
    if what == "consent":
        assert after.served.note == "The customer refused marketing by email."
    else:
        assert {"purchase": "sofa", "stock": "tea"}[what] not in skus(after.served)


@pytest.mark.parametrize("what", ["purchase", "stock", "consent"])
def test_without_the_marks_a_change_would_go_unseen(what, shortlist, customer):
    """The guard taken away: the list that is remembered lives on."""
    tables = ("loyalty_order", "loyalty_orderline", "loyalty_product", "loyalty_consent")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    before = given()

    by_django(what, customer)

    assert given() is before


def test_what_other_customers_do_ends_no_list(shortlist, customer, products):
    other = Customer.objects.create(external_id="other")
    before = given()

    buy(other, products[0])
    Consent.objects.create(customer=other, channel="email", state="denied", source="x", at=AT)
    Product.objects.filter(sku="tea").update(stock=7)  # it was there before and still is

    assert given() is before


def test_an_order_that_moves_to_another_customer_ends_both_lists(shortlist, customer, products):
    other = Customer.objects.create(external_id="other")
    order = buy(other, products[3]).order
    before = given()

    Order.objects.filter(pk=order.pk).update(customer=customer)

    assert "sofa" not in skus(given().served)
    assert given() is not before


def test_a_line_that_changes_its_product_ends_the_list(shortlist, customer, products):
    before = given()
    OrderLine.objects.filter(order__customer=customer).update(product=products[3])

    assert given() is not before


def test_another_version_a_new_list_and_a_ruling_end_the_list(shortlist, customer, products, marketer):
    lists_given = [given()]
    block_product(product=products[1], reason="", by=marketer, at=AT)
    lists_given.append(given())
    Shortlist.objects.filter(pk=shortlist.pk).update(id=shortlist.pk + 1_000_000)
    lists_given.append(given())
    ModelVersion.objects.update(alias="")
    make_version(7, alias="champion")
    lists_given.append(given())

    assert len({one.recommendation_id for one in lists_given}) == 4


def test_a_list_does_not_outlive_its_time_nor_a_consent_that_changes_later(shortlist, customer):
    before = given()
    assert given(at=AT + timedelta(minutes=9)) is before
    assert given(at=AT + timedelta(minutes=10)) is not before

    later = AT + timedelta(minutes=15)
    Consent.objects.create(customer=customer, channel="email", state="denied", source="x", at=later)
    assert given(at=AT + timedelta(minutes=14)).served.items
    assert not given(at=later).served.items


def test_places_lengths_and_sessions_are_remembered_apart(shortlist, customer):
    asked = [{}, {"k": 3}, {"placement": "home"}, {"session": ["tea"]}, {"session": ["tea", "milk"]}]
    numbers = [given(**one).recommendation_id for one in asked]

    assert len(set(numbers)) == 5
    assert [given(**one).recommendation_id for one in asked] == numbers


def test_a_list_that_is_remembered_costs_one_question(shortlist, customer, django_assert_num_queries):
    with django_assert_num_queries(5):  # who, what is known, products, which run, and the entry of the log
        given(session=[])
    with django_assert_num_queries(1):
        given(session=[])


def test_memory_is_bounded(shortlist, customer, monkeypatch):
    monkeypatch.setattr(lists.memory, "size", 2)
    first = given(k=1)
    given(k=2), given(k=3)

    assert len(lists.memory.entries) == 2
    assert given(k=1) is not first


def test_what_was_shown_is_written_down_once_and_forgotten_later(shortlist, customer, products):
    told = given(session=["tea"])
    given(session=["tea"])

    entry = ServedList.objects.get()
    assert entry.pk == told.recommendation_id
    assert (entry.customer, entry.placement, entry.source, entry.session) == (customer, "email", "shortlist", ["tea"])
    assert entry.product_ids == [one.product.product_id for one in told.served.items]
    assert entry.model_version_id == shortlist.model_version_id
    assert forget_lists(at=AT + timedelta(days=89)) == 0
    assert forget_lists(at=AT + timedelta(days=91)) == 1


def test_an_empty_list_has_no_number(shortlist, customer):
    by_django("consent", customer)

    assert given().recommendation_id is None
    assert not ServedList.objects.exists()


def test_an_old_key_is_understood_and_a_wrong_one_told(shortlist, customer):
    gone = Customer.objects.create(external_id="gone")
    merge_customers(kept=customer, gone=gone, by=None, at=AT)

    told = give_list(Question(placement_named("home")), customer_key="gone", at=AT)
    assert told.served.external_id == "c0"
    with pytest.raises(NoSuchCustomer):
        give_list(Question(placement_named("home")), customer_key="nobody", at=AT)


def test_the_api_gives_the_list_with_its_number_and_reasons(shortlist, customer, api):
    response = api.get("/api/v1/customers/c0/recommendations?placement=basket&k=2&session=lamp,tea")

    body = response.json()
    assert response.status_code == 200
    assert (body["customer"], body["placement"], body["source"]) == ("c0", "basket", "shortlist")
    assert body["model"]["id"] == shortlist.model_version_id
    assert ServedList.objects.get().pk.hex == body["recommendation_id"].replace("-", "")
    assert body["items"][0] == {
        "rank": 1, "sku": "sugar", "product_name": "Sugar", "reason": "Goes with “Tea”, which is being looked at.",
        "because": "tea", "in_place_of": None,
    }  # fmt: skip
    assert body["left_out"]["in_session"] == 2
    again = api.get("/api/v1/customers/c0/recommendations?placement=basket&k=2&session=lamp,tea")
    assert again.json() == body
    known = {"HTTP_IF_NONE_MATCH": response["ETag"]}
    unchanged = api.get("/api/v1/customers/c0/recommendations?placement=basket&k=2&session=lamp,tea", **known)
    assert unchanged.status_code == 304


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("placement=roof", "placement"),
        ("k=0", "k"),
        ("k=51", "k"),
        ("k=x", "k"),
        ("page_size=3", "page_size"),
        ("session=" + ",".join("abcdefghijklmnopqrstu"), "session"),
        ("session=a%00", "session"),
        ("session=" + "a" * 65, "session"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_with_the_field(shortlist, api, query, field):
    response = api.get(f"/api/v1/customers/c0/recommendations?{query}")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_a_key_needs_the_scope(shortlist, marketer):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(marketer, "customers:read"))

    assert client.get("/api/v1/customers/c0/recommendations").status_code == 403
