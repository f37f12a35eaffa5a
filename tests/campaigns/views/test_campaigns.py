import csv
import io

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign, Outcome
from loyalty.models import Job
from tests.rows import fill, make_campaign, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(marketer, client):
    client.force_login(marketer)
    return marketer


def colleague(*codenames):
    user = User.objects.create_user("colleague", password="a-long-test-password")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def n_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", ["campaigns", "simulations", "offers"])
def test_queries_of_a_list_do_not_grow_with_its_rows(author, client, name):
    fill(3)
    client.get(reverse(name))
    few = n_queries(client, reverse(name))
    fill(6)

    assert n_queries(client, reverse(name)) == few


def test_queries_of_one_campaign_do_not_grow_with_its_offers(author, client):
    small, large = (
        make_campaign(1, make_offer(1)),
        make_campaign(2, *(make_offer(number) for number in range(2, 12))),
    )
    client.get(small.get_absolute_url())

    assert n_queries(client, large.get_absolute_url()) == n_queries(client, small.get_absolute_url())


def test_the_list_shows_forecast_beside_what_happened(author, client):
    fill(1)
    Campaign.objects.update(state="completed")

    page = client.get(reverse("campaigns")).content.decode()

    assert "Campaign 0" in page
    assert "101–107" in page


def test_filters_keep_what_matches(author, client):
    make_campaign(1, state="running")
    make_campaign(2, state="draft", type="Type B")

    def names(**query):
        rows = csv.reader(io.StringIO(client.get(reverse("campaigns"), {**query, "format": "csv"}).getvalue().decode()))
        return [row[0] for row in rows][1:]

    assert names(state="draft") == ["Campaign 2"]
    assert names(type="Type A") == ["Campaign 1"]
    assert names(q="campaign 2") == ["Campaign 2"]
    assert names(q="nothing") == []


def test_the_export_says_the_same_as_the_page_and_runs_nothing(author, client):
    fill(1)
    Campaign.objects.update(name='=HYPERLINK("http://example.com")', state="completed")

    text = client.get(reverse("campaigns"), {"format": "csv"}).getvalue().decode()

    (row,) = list(csv.DictReader(io.StringIO(text)))
    assert row["Campaign"].startswith("'=")
    assert (row["Expected to take it"], row["At least (90%)"], row["At most (90%)"]) == ("104.0", "101.0", "107.0")


def test_an_empty_list_offers_the_first_step(author, client):
    assert "Build the first campaign" in client.get(reverse("campaigns")).content.decode()


def test_a_campaign_that_is_not_there_is_not_found(author, client):
    assert client.get(reverse("campaign", args=[404])).status_code == 404


def test_rehearsing_starts_one_job_however_often_it_is_asked(author, client):
    campaign = make_campaign(1, make_offer(1))
    for _ in range(2):
        response = client.post(reverse("campaign-simulate", args=[campaign.pk]))

    assert response.url == campaign.get_absolute_url()
    job = Job.objects.get()
    assert (job.task, job.params["campaign_id"]) == ("campaigns.simulate_campaign", campaign.pk)
    page = client.get(campaign.get_absolute_url()).content.decode()
    assert "Rehearsing" in page
    assert 'hx-trigger="every 250ms"' in page


@pytest.mark.parametrize("was_counted", [False, True], ids=["counted first", "counted before, so counted last"])
def test_a_campaign_that_was_sent_is_rehearsed_with_its_outcome(author, client, was_counted):
    fill(1)
    Outcome.objects.all().delete()
    campaign = Campaign.objects.get()
    Campaign.objects.update(state="completed")
    campaign.audience.kind = "imported"
    campaign.audience.save()
    Job.objects.all().delete()
    if was_counted:
        Outcome.objects.create(
            campaign=campaign, metric="redeemers", value=3, observed_until=campaign.ends_at, is_complete=True
        )

    client.post(reverse("campaign-simulate", args=[campaign.pk]))

    steps = ["campaigns.record_outcomes", "campaigns.rehearse_campaign"]
    found = Job.objects.exclude(task="").order_by("position")
    assert [job.task for job in found] == (steps[::-1] if was_counted else steps)
    assert {job.params["campaign"] for job in found} == {campaign.external_id}


def test_the_author_submits_and_a_colleague_approves(author, client):
    campaign = make_campaign(1, make_offer(1), created_by=author)

    client.post(reverse("campaign-submit", args=[campaign.pk]))
    refused = client.post(reverse("campaign-approve", args=[campaign.pk]), follow=True)
    client.force_login(colleague("approve_campaign"))
    client.post(reverse("campaign-approve", args=[campaign.pk]))

    assert "somebody else has to approve it" in refused.content.decode()
    assert Campaign.objects.get().state == "approved"


def test_a_colleague_sends_it_back_with_a_comment(author, client):
    campaign = make_campaign(1, make_offer(1), created_by=author, state="in_review")
    client.force_login(colleague("approve_campaign"))
    url = reverse("campaign-reject", args=[campaign.pk])

    empty = client.post(url, {"comment": ""})
    client.post(url, {"comment": "Too many people"})

    assert "Say what should be changed" in empty.content.decode()
    assert "Too many people" in client.get(campaign.get_absolute_url()).content.decode()


@pytest.mark.parametrize("step", ["campaign-simulate", "campaign-submit", "campaign-approve", "campaign-reject"])
def test_no_step_without_its_permission(client, step):
    campaign = make_campaign(1, make_offer(1), state="in_review")
    client.force_login(colleague("view_campaign"))

    assert client.post(reverse(step, args=[campaign.pk])).status_code == 403
    assert Campaign.objects.get().state == "in_review"
    assert not Job.objects.exists()


@pytest.mark.parametrize("step", ["campaign-simulate", "campaign-submit", "campaign-approve", "campaign-reject"])
def test_a_step_is_never_taken_by_following_a_link(author, client, step):
    campaign = make_campaign(1, make_offer(1))

    assert client.get(reverse(step, args=[campaign.pk])).status_code == 405


def test_the_rehearsal_leads_on_to_its_result(author, client):
    fill(1)
    campaign, simulation = Campaign.objects.get(), Campaign.objects.get().simulations.get()
    job = Job.objects.create(
        task="campaigns.simulate_campaign",
        label="Rehearse",
        params={"campaign_id": campaign.pk},
        created_at=campaign.created_at,
    )
    url = reverse("campaign-rehearsal", args=[campaign.pk])
    open_answer = client.get(url)
    simulation.job = job
    simulation.save()
    Job.objects.filter(pk=job.pk).update(state="done")

    # Long asked for: there is no hurry any more.
    assert 'hx-trigger="every 1000ms"' in open_answer.content.decode()
    assert client.get(url)["HX-Redirect"] == simulation.get_absolute_url()


def test_a_failed_rehearsal_says_why(author, client):
    campaign = make_campaign(1, make_offer(1))
    Job.objects.create(
        task="campaigns.simulate_campaign",
        label="Rehearse",
        params={"campaign_id": campaign.pk},
        state="failed",
        error="A forecast needs 5 finished campaigns.",
        created_at=campaign.created_at,
    )

    assert "A forecast needs 5 finished campaigns." in client.get(campaign.get_absolute_url()).content.decode()


def test_outcomes_of_an_unfinished_window_are_marked(author, client):
    fill(1)
    Campaign.objects.update(state="running")
    Outcome.objects.update(is_complete=False)

    assert "so far" in client.get(Campaign.objects.get().get_absolute_url()).content.decode()
