"""Campaigns by the API: the browser's rules, a rehearsal as a job, forecasts beside what happened."""

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, Outcome
from loyalty.models import Customer, Job
from tests.rows import AT, make_audience, make_campaign, make_offer, make_segment, make_simulation, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(marketer):
    client = APIClient()
    client.force_authenticate(marketer)
    return client


def plan(**changes):
    given = {
        "name": "Coffee in May",
        "type": "Type A",
        "starts_at": "2018-01-08T00:00:00-05:00",
        "ends_at": "2018-02-05T00:00:00-05:00",
        "offers": ["offer1"],
        "audience_rule": {"kind": "best", "n": 500},
        "cost_per_contact": "0.45",
        "margin_share": "0.300",
    }
    return {**given, **changes}


def test_a_campaign_is_made_as_a_draft_of_its_author(api, marketer):
    make_offer(1)
    response = api.post("/api/v1/campaigns", plan())
    assert response.status_code == 201
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.created_by, campaign.currency) == ("draft", marketer, "USD")
    assert response.json() == api.get(f"/api/v1/campaigns/{campaign.pk}").json()
    assert response.json()["offers"] == ["offer1"]
    assert response.json()["audience_rule"] == {"kind": "best", "n": 500}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": "  "}, "name", "blank"),
        ({"name": "campaign 7"}, "name", "There is already a campaign called"),
        ({"nmae": "x"}, "nmae", "There is no such field"),
        ({"offers": []}, "offers", "may not be empty"),
        ({"offers": ["offer9"]}, "offers", "offer9"),
        ({"offers": "offer1"}, "offers", "list"),
        ({"ends_at": "2018-01-08T00:00:00-05:00"}, "ends_at", "before the first day"),
        ({"ends_at": "2020-01-08T00:00:00-05:00"}, "ends_at", "366 days"),
        ({"starts_at": "soon"}, "starts_at", "format"),
        ({"margin_share": "1.5"}, "margin_share", "between 0 and 100 percent"),
        ({"budget": -1}, "budget", "below zero"),
        ({"currency": "usd"}, "currency", "three capital letters"),
        ({"audience_rule": {"kind": "friends"}}, "audience_rule.kind", "friends"),
        ({"audience_rule": {"kind": "segment"}}, "audience_rule.segment_id", "Choose one of your segments"),
        ({"audience_rule": {"kind": "segment", "segment_id": 10**30}}, "audience_rule.segment_id", ""),
        ({"audience_rule": {"kind": "best", "n": 0}}, "audience_rule.n", "1"),
        ({"audience_rule": {"kind": "imported", "campaign_id": 1}}, "audience_rule.campaign_id", "past campaign"),
        ({"audience_rule": {"kind": "best", "size": 3}}, "audience_rule.size", "There is no such field"),
        ({"audience_rule": "best"}, "audience_rule", ""),
    ],
)
def test_what_the_browser_refuses_is_refused_here_at_its_field(api, changes, field, words):
    make_offer(1)
    make_campaign(7)
    response = api.post("/api/v1/campaigns", plan(**changes))
    assert response.status_code == 400
    reasons = {error["field"]: error["reason"] for error in response.json()["errors"]}
    assert list(reasons) == [field]
    assert words in reasons[field]
    assert Campaign.objects.count() == 1


def test_a_segment_can_be_reached(api):
    make_offer(1)
    segment = make_segment(1, Customer.objects.create(external_id="c1"))
    rule = {"kind": "segment", "segment_id": segment.pk}
    assert api.post("/api/v1/campaigns", plan(audience_rule=rule)).status_code == 201


def test_rehearsing_queues_a_job_that_can_be_followed(api, marketer):
    campaign = make_campaign(1, make_offer(1), audience_rule={"kind": "everybody"})
    response = api.post(f"/api/v1/campaigns/{campaign.pk}/simulate")
    assert response.status_code == 202
    job = Job.objects.get(parent=None)
    assert job.started_by == marketer
    assert api.get(f"/api/v1/jobs/{response.json()['id']}").json()["state"] == job.state


def test_rehearsing_needs_the_permission_and_a_campaign(api, django_user_model):
    campaign = make_campaign(1)
    stranger = APIClient()
    stranger.force_authenticate(django_user_model.objects.create_user("plain"))
    assert stranger.post(f"/api/v1/campaigns/{campaign.pk}/simulate").status_code == 403
    assert api.post("/api/v1/campaigns/999999/simulate").status_code == 404
    assert not Job.objects.exists()


def test_a_simulation_shows_its_forecast_beside_what_happened(api):
    campaign = make_campaign(1)
    simulation = make_simulation(campaign, make_audience(1), make_version(1))
    Outcome.objects.create(campaign=campaign, metric="redeemers", value=99, observed_until=AT, is_complete=True)
    body = api.get(f"/api/v1/simulations/{simulation.pk}").json()
    (forecast,) = body["forecasts"]
    assert (forecast["low_90"], forecast["mid"], forecast["high_90"]) == (101, 104, 107)
    assert [(row["metric"], row["value"]) for row in body["outcome"]] == [("redeemers", 99)]
    assert body["model"]["label"] == "Bestsellers 1"
    (row,) = api.get(f"/api/v1/simulations?campaign={campaign.pk}").json()["results"]
    assert "curves" not in row


@pytest.mark.parametrize(
    ("query", "n"),
    [("state=draft", 2), ("state=running", 0), ("offer=offer1", 1), ("external_id=k2", 1), ("type=Type A", 2)],
)
def test_campaigns_are_filtered(api, query, n):
    make_campaign(1, make_offer(1))
    make_campaign(2, external_id="k2")
    assert len(api.get(f"/api/v1/campaigns?{query}").json()["results"]) == n
