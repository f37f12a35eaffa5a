"""What every address of the API has in common: who gets in, refusals, pages, query counts, the description."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from campaigns.models import Campaign, Simulation
from loyalty.models import CallBudget, Customer, Job
from recommender.models import ModelVersion
from segments.models import Segment
from tests.rows import bearer, fill, make_version

pytestmark = pytest.mark.django_db
LISTS = ["customers", "products", "orders", "jobs", "segments", "campaigns", "simulations", "recommendations"]


def details():
    return {
        "customers": "customers/c0",
        "products": "products/p0",
        "orders": "orders/o0",
        "jobs": f"jobs/{Job.objects.first().pk}",
        "segments": f"segments/{Segment.objects.first().pk}",
        "members": f"segments/{Segment.objects.first().pk}/members",
        "campaigns": f"campaigns/{Campaign.objects.first().pk}",
        "simulations": f"simulations/{Simulation.objects.first().pk}",
        "customer recommendations": "customers/c0/recommendations",
    }


def serve(version):
    ModelVersion.objects.update(alias="")
    ModelVersion.objects.filter(pk=version.pk).update(alias="champion")


@pytest.fixture(autouse=True)
def uncounted():
    CallBudget.objects.all().delete()


@pytest.fixture
def world():
    fill(3)
    serve(ModelVersion.objects.earliest("pk"))


@pytest.fixture
def api(marketer):
    return calling_as(marketer)


def calling_as(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(user))
    return client


def every_address():
    return [*LISTS, *details().values()]


def is_problem(response):
    body = json.loads(response.content)
    return response["Content-Type"] == "application/problem+json" and body["status"] == response.status_code


def test_nobody_reads_without_a_token(world):
    for address in every_address():
        response = APIClient().get(f"/api/v1/{address}")
        assert response.status_code == 401, address
        assert response["WWW-Authenticate"] == "Bearer"
        assert is_problem(response), address
        CallBudget.objects.all().delete()


def test_nobody_reads_without_the_permission(world, django_user_model):
    plain = calling_as(django_user_model.objects.create_user("plain"))
    for address in every_address():
        response = plain.get(f"/api/v1/{address}")
        assert response.status_code == 403, address
        assert is_problem(response), address


@pytest.mark.parametrize(
    "address",
    [
        "customers",
        "products",
        "orders",
        "campaigns",
        "customers/batch-upsert",
        "products/batch-upsert",
        "orders/batch-upsert",
    ],
)
def test_nobody_writes_without_the_permission(django_user_model, address):
    assert APIClient().post(f"/api/v1/{address}", {}).status_code == 401
    reader = django_user_model.objects.create_user("reader")
    response = calling_as(reader).post(f"/api/v1/{address}", {"rows": [{}]})
    assert response.status_code == 403
    assert is_problem(response)


def test_adding_is_not_yet_changing(django_user_model):
    adder = django_user_model.objects.create_user("adder")
    adder.user_permissions.add(*_permissions("add_customer", "view_customer"))
    client = calling_as(adder)
    assert client.post("/api/v1/customers/batch-upsert", {"rows": [{"external_id": "a"}]}).status_code == 403
    assert client.post("/api/v1/customers", {"external_id": "a"}).status_code == 201


def _permissions(*codenames):
    return Permission.objects.filter(codename__in=codenames)


def test_every_address_answers_with_and_without_its_slash(world, api):
    for address in every_address():
        assert api.get(f"/api/v1/{address}").status_code == 200, address
        assert api.get(f"/api/v1/{address}/").status_code == 200, address


def test_lists_and_rows_cost_the_same_with_twice_the_rows(world, api):
    few = {address: queries_of(api, address) for address in every_address()}
    fill(3)
    assert [address for address, n in few.items() if queries_of(api, address) > n] == []


def queries_of(api, address):
    with CaptureQueriesContext(connection) as captured:
        response = api.get(f"/api/v1/{address}")
    assert response.status_code == 200, address
    return len(captured)


def test_paging_shows_every_row_once_while_others_arrive(api):
    Customer.objects.bulk_create(Customer(external_id=f"c{number}") for number in range(25))
    seen, address = [], "/api/v1/customers?page_size=10"
    while address:
        page = api.get(address).json()
        seen += [row["external_id"] for row in page["results"]]
        address = page["next"]
        if len(seen) == 10:
            Customer.objects.get(external_id="c3").delete()
            Customer.objects.create(external_id="late")
    assert seen == [*(f"c{number}" for number in range(25)), "late"]


def test_pages_go_back_as_well(api):
    Customer.objects.bulk_create(Customer(external_id=f"c{number}") for number in range(5))
    first = api.get("/api/v1/customers?page_size=2").json()
    second = api.get(first["next"]).json()
    assert api.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("page_size=0", "page_size", "from 1 to 500"),
        ("page_size=501", "page_size", "from 1 to 500"),
        ("page_size=ten", "page_size", "from 1 to 500"),
        ("nmae=x", "nmae", "There is no such filter. Choose from: age_group"),
        ("updated_since=yesterday", "updated_since", "date"),
        ("search=%00", "search", "Null characters"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(api, query, field, words):
    response = api.get(f"/api/v1/customers?{query}")
    assert response.status_code == 400
    assert is_problem(response)
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert words in error["reason"]


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "customers/nobody", 404),
        ("get", "customers/nobody/recommendations", 404),
        ("get", "customers/%00", 404),
        ("get", "segments/999/members", 404),
        ("get", "campaigns/999999999999999999999", 404),
        ("get", "nothing", 404),
        ("post", "nothing", 404),
        ("get", "customers?cursor=nonsense", 404),
        ("delete", "customers/nobody", 404),
        ("put", "customers/nobody", 405),
        ("delete", "customers", 405),
        ("post", "jobs", 405),
        ("get", "customers/batch-upsert", 405),
    ],
)
def test_a_wrong_address_is_a_problem_in_the_same_shape(api, method, address, status):
    response = getattr(api, method)(f"/api/v1/{address}")
    assert response.status_code == status
    assert is_problem(response)
    assert response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("", "application/json", 400),
        ("[1]", "application/json", 400),
        ('{"rows": NaN}', "application/json", 400),
        ('{"rows": [{"external_id": "a\\u0000"}]}', "application/json", 400),
        ('{"rows": [{"external_id": "\\ud800"}]}', "application/json", 400),
        pytest.param("[" * 100_000, "application/json", 400, id="too deep"),
        ("\udcff", "application/json", 400),
        ("a=b", "application/x-www-form-urlencoded", 415),
        ("x", "application/json; charset=bz2", 400),
        pytest.param(" " * (8 * 2**20 + 1), "application/json", 413, id="too large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_sentence(api, body, kind, status):
    raw = body.encode(errors="surrogateescape")
    response = api.post("/api/v1/customers/batch-upsert", raw, content_type=kind)
    assert response.status_code == status
    assert is_problem(response)
    assert response.json()["detail"].endswith(".")
    assert not Customer.objects.exists()


def test_guessing_tokens_is_slowed_down(api):
    stranger = APIClient()
    stranger.credentials(HTTP_AUTHORIZATION="Bearer rk_guessed")
    answers = [stranger.get("/api/v1/customers").status_code for _ in range(31)]
    assert answers == [401] * 30 + [429]
    assert api.get("/api/v1/customers").status_code == 200


def test_only_the_model_in_use_recommends(world, api):
    fill(1)
    body = api.get("/api/v1/recommendations").json()["results"]
    assert [(row["customer"], row["sku"], row["model"]["label"]) for row in body] == [("c0", "p0", "Bestsellers 0")]
    serve(make_version(9))
    assert api.get("/api/v1/recommendations").json()["results"] == []


def test_the_description_is_valid_and_complete(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--validate", "--format", "openapi-json", file=str(tmp_path / "s"))
    described = json.loads((tmp_path / "s").read_text())
    assert described["openapi"].startswith("3.1")
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (path, method)
            assert operation["tags"][0] in {tag["name"] for tag in described["tags"]}
            assert "4XX" in operation["responses"]
            body = operation.get("requestBody", {}).get("content", {})
            assert all("examples" in kind for kind in body.values()), (path, method)


@pytest.mark.parametrize(("address", "status"), [("/api/schema/", 401), ("/api/docs/", 302)])
def test_the_description_is_for_people_with_a_log_in(client, marketer, address, status):
    assert client.get(address).status_code == status
    client.force_login(marketer)
    assert client.get(address).status_code == 200
