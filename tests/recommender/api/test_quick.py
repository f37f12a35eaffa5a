"""The quick way to a list and the ordinary one answer alike; the quick one lets nobody in whom the other refuses."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from loyalty.models import ApiKey, CallBudget, Consent
from loyalty.services.keys import create_key, revoke_key
from recommender.api.quick import QuickLists
from recommender.models import ServedList
from recommender.services import lists
from tests.recommender.test_online import AT, artefact_dir, buy, customer, products, shortlist, version

pytestmark = pytest.mark.django_db
__all__ = ["artefact_dir", "customer", "products", "shortlist", "version"]
LIST = "/api/v1/customers/c0/recommendations"
QUICK = "recommender.api.quick.QuickLists"


@pytest.fixture(autouse=True)
def forgotten():
    lists.memory.clear()


@pytest.fixture
def crm() -> User:
    """May look at recommendations and at nothing else."""
    user = User.objects.create_user("crm")
    user.user_permissions.add(Permission.objects.get(codename="view_recommendation"))
    return user


@pytest.fixture
def told(crm) -> str:
    return create_key(user=crm, name="Shop", scope_names=["recommendations:read"], at=timezone.now())[1]


@pytest.fixture
def ordinary(settings) -> APIClient:
    """A site without the quick way."""
    quick, client = settings.MIDDLEWARE, APIClient()
    settings.MIDDLEWARE = [one for one in quick if one != QUICK]
    client.get("/api/v1/")  # now it has read them
    settings.MIDDLEWARE = quick
    return client


def ask(client, told, address=LIST, **headers):
    return client.get(address, headers={"authorization": f"Bearer {told}", **headers})


def went_quick(response) -> bool:
    """The ordinary way says which methods there are."""
    return "Allow" not in response


def test_both_ways_answer_the_same_to_the_byte(told, ordinary, shortlist):
    quick, other = ask(APIClient(), told), ask(ordinary, told)

    assert (went_quick(quick), went_quick(other)) == (True, False)
    assert quick.status_code == other.status_code == 200
    assert quick.json()["items"]
    assert quick.content == other.content
    same = ("Content-Type", "ETag", "Vary", "RateLimit-Policy", "X-Content-Type-Options")
    assert [quick[name] for name in same] == [other[name] for name in same]


def test_each_call_is_counted_once_by_either_way(settings, told, ordinary, shortlist):
    settings.API_CALLS_PER_MINUTE = {"read": 2, "write": 2, "anonymous": 30}  # so few that none comes back meanwhile
    left = [int(re.search(r"r=(\d+)", ask(client, told)["RateLimit"])[1]) for client in (APIClient(), ordinary)]

    assert left == [1, 0]
    assert CallBudget.objects.count() == 2  # of the key, and of all keys of its person


def test_a_list_that_is_known_costs_one_question(told, shortlist):
    client = APIClient()
    ask(client, told)

    with CaptureQueriesContext(connection) as asked:
        assert went_quick(ask(client, told))

    assert len(asked) == 1


def test_a_new_list_is_written_down_and_costs_four_questions(told, shortlist):
    client = APIClient()
    ask(client, told)  # what the server was told once a connection is told, and the use of the key is noted

    with CaptureQueriesContext(connection) as asked:
        number = ask(client, told, f"{LIST}?placement=basket&session=tea").json()["recommendation_id"]

    assert len(asked) == 4
    assert ServedList.objects.get(pk=number).session == ["tea"]


def test_a_purchase_ends_a_list_on_the_quick_way_too(told, shortlist, customer, products):
    first = ask(APIClient(), told)
    buy(customer, products[3])

    again = ask(APIClient(), told)

    assert went_quick(again)
    assert again.json()["recommendation_id"] != first.json()["recommendation_id"]
    assert "sofa" not in [one["sku"] for one in again.json()["items"]]


def test_an_answer_that_the_caller_has_is_not_sent_again(told, shortlist):
    first = ask(APIClient(), told)

    again = ask(APIClient(), told, **{"if-none-match": first["ETag"]})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_a_customer_who_refused_gets_the_empty_list_that_says_so(told, ordinary, shortlist, customer):
    Consent.objects.create(
        customer=customer, purpose="personalisation", channel="web", state="denied", source="x", at=AT
    )

    quick = ask(APIClient(), told)

    assert went_quick(quick)
    assert quick.json()["items"] == []
    assert "refused" in quick.json()["note"]
    assert quick["ETag"] == ask(ordinary, told)["ETag"]


def taken_away(crm):
    revoke_key(key=ApiKey.objects.get(), at=timezone.now())


def ran_out(crm):
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def of_another_scope(crm):
    ApiKey.objects.update(scopes=["orders:read", "*:write"])


def of_nobody_any_more(crm):
    User.objects.update(is_active=False)


def no_longer_allowed(crm):
    crm.user_permissions.clear()


@pytest.mark.parametrize(
    ("close", "status"),
    [
        (taken_away, 401),
        (ran_out, 401),
        (of_nobody_any_more, 401),
        (of_another_scope, 403),
        (no_longer_allowed, 403),
    ],
)
def test_a_door_that_closes_is_closed_at_once(told, crm, shortlist, close, status):
    client = APIClient()
    assert ask(client, told).status_code == 200
    close(crm)

    refused = ask(client, told)

    assert refused.status_code == status
    assert refused.json()["detail"]


@pytest.mark.parametrize("change", [str.upper, lambda told: told[:-1], lambda told: told.replace("rk_", "xx_")])
def test_what_is_not_the_key_opens_nothing_and_is_not_counted_for_it(told, shortlist, change):
    assert ask(APIClient(), change(told)).status_code == 401
    assert not CallBudget.objects.filter(caller__startswith="key ").exists()


def test_without_a_key_nothing_is_told(shortlist):
    assert APIClient().get(LIST).status_code == 401


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{LIST}?placement=moon", 400),
        (f"{LIST}?k=0", 400),
        (f"{LIST}?colour=red", 400),
        ("/api/v1/customers/nobody/recommendations", 404),
        ("/api/v1/customers/c%000/recommendations", 404),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(told, shortlist, address, status):
    refused = ask(APIClient(), told, address)

    assert refused.status_code == status
    assert not went_quick(refused) or status == 404


@pytest.mark.parametrize("all_keys", [False, True])
def test_beyond_the_limit_the_ordinary_way_says_when(settings, crm, told, shortlist, all_keys):
    settings.API_CALLS_PER_MINUTE = {"read": 2, "write": 2, "anonymous": 30}
    settings.API_KEYS_AT_FULL_SPEED = 1 if all_keys else 3
    second = create_key(user=crm, name="Second", scope_names=["*:read"], at=timezone.now())[1]
    keys = [told, second, told] if all_keys else [told, told, told]

    answers = [ask(APIClient(), one) for one in keys]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_caller_who_wants_another_form_is_told_by_the_ordinary_way(told, shortlist):
    assert ask(APIClient(), told, accept="text/html").status_code == 406


@pytest.mark.parametrize(
    "address", ["/api/v1/customers/c0", "/api/v1/segments/", "/customers/", "/api/v1/customers/a/b"]
)
def test_every_other_address_goes_the_ordinary_way(rf, address):
    gone = []
    QuickLists(lambda request: gone.append(request.path))(rf.get(address, headers={"authorization": "Bearer rk_1_2"}))

    assert gone == [address]
