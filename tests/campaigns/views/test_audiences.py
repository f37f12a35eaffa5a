import csv
import io

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Audience, AudienceMember
from campaigns.services.simulations import simulate_campaign
from loyalty.models import Customer, Job
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, add_campaign, open_shop
from tests.rows import bearer, fill

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _logged_in(marketer, client):
    client.force_login(marketer)


@pytest.fixture(scope="module")
def audience(django_db_setup, django_db_blocker, tmp_path_factory):
    """The best for a planned campaign; learning takes seconds, so once for all of them."""
    with django_db_blocker.unblock(), override_settings(ARTEFACT_DIR=tmp_path_factory.mktemp("artefacts")):
        whole = transaction.atomic()
        whole.__enter__()
        shop = open_shop()
        Customer.objects.filter(pk__in=shop.keen_ids).update(age_group="19-24")
        starts_at = shop.next_campaign.ends_at + 2 * DAY
        rule = {"kind": "best", "n": 40}
        campaign = add_campaign("Next", shop.products[0], starts_at=starts_at, audience_rule=rule)
        yield simulate_campaign(campaign=campaign, at=starts_at, seed=3, report=QuietProgress()).audience
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


def page(client, audience):
    return client.get(audience.get_absolute_url()).content.decode()


def test_the_page_says_who_is_left_who_they_are_and_who_is_left_behind(client, audience):
    text = page(client, audience)

    assert "Who is left of all customers?" in text
    assert "40 of 120. Most fall out here: others are likelier" in text
    assert "Who are they?" in text
    assert "What sets these people apart?" in text
    assert "Age: is anybody left behind?" in text
    assert "Yes: those of whom it is not known" in text
    assert "were not used to find these people" in text


def test_it_says_that_it_is_response_and_not_uplift(client, audience):
    text = page(client, audience)

    assert "Response, not uplift" in text
    assert "likely they are to respond, not by what the campaign changes" in text


def test_everybody_on_it_is_exported_best_first(client, audience):
    response = client.get(audience.get_absolute_url(), {"format": "csv"})

    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
    assert [row["Place"] for row in rows] == [str(place) for place in range(1, 41)]
    assert all(row["Reason"] for row in rows)


def test_building_again_queues_one_job_and_its_result_is_told(client, audience):
    with transaction.atomic():
        for _ in range(2):
            client.post(reverse("audience-rebuild", args=[audience.pk]))
        job = Job.objects.get(task="campaigns.rebuild_audience")
        assert job.params == {"audience_id": audience.pk}
        Job.objects.filter(pk=job.pk).update(
            state="done", summary={"is_same": True, "n_frozen": 40, "n_rebuilt": 40, "n_in_both": 40}
        )

    assert "Yes: the same 40 customers in the same order" in page(client, audience)


def test_an_audience_that_came_with_a_campaign_is_shown_without_what_nobody_found(client):
    fill(1)
    audience = Audience.objects.latest("pk")

    text = page(client, audience)

    assert "Who is left" not in text
    assert "Build again" not in text
    client.post(reverse("audience-rebuild", args=[audience.pk]))
    assert not Job.objects.filter(task="campaigns.rebuild_audience").exists()


def test_people_whom_nobody_ranked_are_shown_without_chances(client, audience):
    imported = Audience.objects.create(name="Sent", kind="imported", as_of=audience.as_of, created_at=audience.as_of)
    AudienceMember.objects.create(audience=imported, customer=AudienceMember.objects.first().customer)

    ranked, sent = (client.get(one.get_absolute_url()).content.decode() for one in (audience, imported))

    assert "Response, not uplift" in ranked
    assert "Expected profit" in ranked
    assert "Response, not uplift" not in sent
    assert "Expected profit" not in sent


def test_the_list_names_the_campaign_and_is_found_by_it(client, audience):
    text = client.get(reverse("audiences"), {"q": "next"}).content.decode()

    assert "The 40 people most likely to take it" in text
    assert "No audience matches" in client.get(reverse("audiences"), {"q": "nothing"}).content.decode()


def test_pages_ask_the_database_as_often_for_many_rows_as_for_few(client):
    fill(2)
    Audience.objects.update(made_for_id=Audience.objects.first().campaigns.get().pk)
    few = count_queries(client)
    fill(6)
    Audience.objects.update(made_for_id=Audience.objects.first().campaigns.get().pk)

    assert count_queries(client) == few


def count_queries(client):
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("audiences"))
    return len(queries)


def test_the_api_lists_audiences_and_who_is_in_them(client, audience):
    header = {"HTTP_AUTHORIZATION": bearer(get_user_model().objects.get(username="marketer"), "audiences:read")}

    listed = client.get("/api/v1/audiences/", {"made_for": audience.made_for_id}, **header).json()["results"]
    one = client.get(f"/api/v1/audiences/{audience.pk}/", **header).json()
    members = client.get(f"/api/v1/audiences/{audience.pk}/members/", **header).json()["results"]

    assert [(row["id"], row["n_customers"], row["seed"]) for row in listed] == [(audience.pk, 40, 3)]
    assert "findings" not in listed[0]
    assert one["findings"]["n_everybody"] == 120
    assert [row["position"] for row in members] == list(range(1, len(members) + 1))
    assert members[0]["score_low"] <= members[0]["score"] <= members[0]["score_high"]
    assert client.get("/api/v1/audiences/999999/members/", **header).status_code == 404
