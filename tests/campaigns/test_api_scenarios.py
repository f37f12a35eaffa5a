"""Plans side by side by the API: the browser's rules, figures with their intervals, one applied."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from campaigns.models import Campaign, Scenario, Simulation
from loyalty.models import Job
from tests.rows import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def simulation(marketer):
    fill(1)
    return Simulation.objects.select_related("campaign").get()


@pytest.fixture
def api(marketer, simulation):
    client = APIClient()
    client.force_authenticate(marketer)
    return client


def address(simulation, *more):
    return "/".join([f"/api/v1/simulations/{simulation.pk}/scenarios", *map(str, more)])


def test_a_plan_of_the_same_people_comes_with_its_figures(api, simulation):
    made = api.post(address(simulation), {"name": "20%", "benefit_percent": "20"}, format="json")
    listed = api.get(address(simulation)).json()

    assert made.status_code == 201
    assert [one["name"] for one in listed] == ["As planned", "20%"]
    assert listed[1] == made.json()
    assert set(listed[1]["figures"]) == {"redeemers", "redemptions", "revenue", "cost", "profit"}
    assert listed[1]["response"] == "same"
    assert listed[0]["gain"] is None
    assert listed[1]["is_told_apart"] in (True, False)


def test_other_people_are_simulated_by_a_job(api, simulation):
    asked = {"name": "Few", "audience_rule": {"kind": "best", "n": 10}}

    assert api.post(address(simulation), asked, format="json").json()["figures"] == {}
    assert Job.objects.filter(task="campaigns.simulate_scenarios").count() == 1


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({}, "name", "required"),
        ({"name": "as planned"}, "name", "already"),
        ({"name": "x", "benefit_percent": "101"}, "benefit_percent", "at most 100"),
        ({"name": "x", "response_change": "nan"}, "response_change", "number"),
        ({"name": "x", "margin_share": "1.5"}, "margin_share", "between 0 and 100 percent"),
        (
            {"name": "x", "starts_at": "9999-12-31T23:59:00Z", "ends_at": "9999-12-31T23:59:59Z"},
            "starts_at",
            "ten years",
        ),
        ({"name": "x", "audience_rule": {"kind": "segment"}}, "audience_rule.segment_id", "segments"),
        ({"name": "x", "benefits": 3}, "benefits", "no such field"),
    ],
)
def test_what_cannot_be_is_refused_by_field(api, simulation, asked, field, words):
    response = api.post(address(simulation), asked, format="json")

    assert response.status_code == 400
    told = response.json()["errors"]
    assert words in str(told)
    assert field in str(told)


def test_one_is_applied_to_its_draft_and_to_nothing_else(api, simulation):
    ends_at = simulation.campaign.ends_at + timedelta(days=1)
    asked = {"name": "Longer", "ends_at": ends_at.isoformat()}
    number = api.post(address(simulation), asked, format="json").json()["id"]

    applied = api.post(address(simulation, number, "apply"))

    assert applied.status_code == 200
    assert Campaign.objects.get(pk=simulation.campaign_id).ends_at == ends_at
    Campaign.objects.filter(pk=simulation.campaign_id).update(state="in_review")
    assert api.post(address(simulation, number, "apply")).status_code == 400
    assert api.post(f"/api/v1/simulations/999/scenarios/{number}/apply").status_code == 404
    assert Scenario.objects.get(pk=number).applied_at is not None
