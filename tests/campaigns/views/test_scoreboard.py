import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import LedgerEntry, LedgerOutcome
from campaigns.queries.scoreboard import Board, board_page
from tests.rows import fill

pytestmark = pytest.mark.django_db
URL = "/simulations/scoreboard/"


@pytest.fixture(autouse=True)
def _logged_in(marketer, client):
    client.force_login(marketer)


def queries(client, url):
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_an_empty_scoreboard_says_what_to_do(client):
    assert "Choose a campaign" in client.get(URL).content.decode()


def test_forecasts_stand_beside_what_happened(client):
    fill(2)
    LedgerOutcome.objects.filter(entry=LedgerEntry.objects.earliest("pk")).update(n_redeemers=300)

    text = client.get(URL).content.decode()

    assert "<em>1 of 2</em> past campaigns" in text
    for question in ("Did past forecasts hold?", "Do intervals hold as often", "Do as many take it as their chances"):
        assert question in text
    assert "made in time" in text


def test_the_alarm_is_raised_by_the_newest_campaign_alone(client):
    fill(2)
    calm = client.get(URL).content.decode()
    LedgerOutcome.objects.update(effect=2.0)

    assert "further from their forecasts" not in calm
    assert "further from their forecasts" in client.get(URL).content.decode()


def test_export_has_the_numbers_of_the_page(client):
    fill(2)

    rows = list(csv.DictReader(io.StringIO(client.get(URL + "?format=csv").getvalue().decode("utf-8-sig"))))

    assert [row["What happened"] for row in rows] == ["103", "103"]
    assert {row["Inside"] for row in rows} == {"yes"}


@pytest.mark.parametrize("url", [URL, "/api/v1/scoreboard"], ids=["page", "api"])
def test_more_forecasts_ask_the_database_no_more(client, url):
    fill(1)
    client.get(url)
    once = queries(client, url)
    fill(4)

    assert queries(client, url) == once


def test_simulations_lead_to_it(client):
    fill(1)

    assert reverse("scoreboard") in client.get(reverse("simulations")).content.decode()


def test_the_api_tells_the_same(client):
    fill(1)

    told = client.get("/api/v1/scoreboard").json()["results"]

    assert [(one["mid"], one["outcome"]["n_redeemers"], one["is_inside"]) for one in told] == [(104.0, 103, True)]


@pytest.mark.parametrize(
    ("number", "first", "before", "after"),
    [
        ("", 119, "", "1"),
        ("1", 69, "0", "2"),
        ("2", 19, "1", ""),
        ("9", 19, "1", ""),
        ("x", 119, "", "1"),
        ("²", 119, "", "1"),
    ],
    ids=["the first", "in the middle", "the last", "beyond", "no number", "a strange number"],
)
def test_many_campaigns_are_shown_by_pages_newest_first(number, first, before, after):
    page = board_page(Board(range(120)), number)

    assert (page.rows[0], page.before, page.after) == (first, before, after)


def test_nothing_has_one_empty_page():
    assert not board_page(Board([]), "").rows
