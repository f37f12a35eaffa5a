import csv
import io

import pytest
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from campaigns.models import Simulation
from campaigns.services.outcomes import record_outcomes
from campaigns.services.simulations import rehearse_campaign
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, open_shop
from tests.rows import fill

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _logged_in(marketer, client):
    client.force_login(marketer)


@pytest.fixture(scope="class")
def rehearsal(django_db_setup, django_db_blocker, tmp_path_factory):
    """Learning takes seconds: once for all of them, undone afterwards; each test works in a transaction inside."""
    with django_db_blocker.unblock(), override_settings(ARTEFACT_DIR=tmp_path_factory.mktemp("artefacts")):
        whole = transaction.atomic()
        whole.__enter__()
        shop = open_shop()
        later = shop.next_campaign.ends_at + 60 * DAY
        record_outcomes(campaign=shop.next_campaign, until=later, report=QuietProgress())
        yield rehearse_campaign(campaign=shop.next_campaign, at=later, seed=3, report=QuietProgress())
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


def page(client, simulation):
    return client.get(simulation.get_absolute_url()).content.decode()


class TestRehearsed:
    def test_the_result_says_forecast_interval_and_what_happened(self, client, rehearsal):
        text = page(client, rehearsal.sent)
        forecast = rehearsal.sent.forecasts.get(metric="redeemers")
        took = rehearsal.sent.campaign.redemptions.values("customer").distinct().count()

        assert f"We expected <em>{forecast.mid:.0f}</em> of 120 customers to take it" in text
        assert f"<em>{forecast.low_90:.0f} and {forecast.high_90:.0f}</em>" in text
        assert f"{took} really did." in text
        assert "Tested on past campaigns" in text
        assert "Your assumption times a tested count" in text

    def test_it_says_that_likely_to_respond_is_not_likely_to_be_changed(self, client, rehearsal):
        assert "Response, not uplift" in page(client, rehearsal.picked)

    def test_the_picked_audience_is_not_held_against_what_happened_to_others(self, client, rehearsal):
        text = page(client, rehearsal.picked)

        assert "really did" not in text
        assert rehearsal.sent.get_absolute_url() in text
        assert rehearsal.picked.audience.members.get(position=1).reason in text

    def test_it_says_what_independent_coins_would_have_claimed(self, client, rehearsal):
        forecast = rehearsal.sent.forecasts.get(metric="redeemers")

        assert f"{forecast.naive_low_90:.0f} to {forecast.naive_high_90:.0f}" in page(client, rehearsal.sent)

    def test_the_audience_can_be_exported_whole_and_in_order(self, client, rehearsal):
        response = client.get(rehearsal.picked.get_absolute_url(), {"format": "csv"})

        rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
        assert len(rows) == 120
        assert [row["Place"] for row in rows[:3]] == ["1", "2", "3"]
        assert float(rows[0]["At least"]) <= float(rows[0]["Chance"]) <= float(rows[0]["At most"])

    def test_the_scoreboard_counts_each_campaign_once(self, client, rehearsal):
        text = client.get(reverse("simulations")).content.decode()

        assert "1 forecast made here has been held against what happened" in text
        assert rehearsal.picked.get_absolute_url() in text

    def test_the_list_is_exported(self, client, rehearsal):
        response = client.get(reverse("simulations"), {"format": "csv"})

        rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
        assert [row["What happened"] != "" for row in rows] == [False, True]


def test_an_older_simulation_without_curves_still_opens(client):
    fill(1)

    assert "104" in page(client, Simulation.objects.get())


def test_a_simulation_that_is_not_there_is_not_found(client):
    assert client.get(reverse("simulation", args=[404])).status_code == 404


def test_an_empty_list_leads_to_the_campaigns(client):
    assert "Nothing rehearsed yet" in client.get(reverse("simulations")).content.decode()
