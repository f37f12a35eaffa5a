import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import LaunchOutcome
from tests.rows import fill

pytestmark = pytest.mark.django_db
URL = "/simulations/scoreboard/new-products/"
API = "/api/v1/new-product-scoreboard"


@pytest.fixture(autouse=True)
def _logged_in(marketer, client):
    client.force_login(marketer)


def text_of(client, url=URL):
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_one_says_what_to_do(client):
    assert "give the article number it will have" in text_of(client)
    assert "New products" not in text_of(client, "/simulations/scoreboard/")


def test_forecasts_stand_beside_what_happened(client):
    fill(2)
    LaunchOutcome.objects.filter(pk=LaunchOutcome.objects.earliest("pk").pk).update(n_buyers=300, place=1.0)

    text = text_of(client)

    assert "<em>1 of 2</em> new products" in text
    assert "Do intervals hold as often" in text
    assert "Do products sell more where more was expected" in text
    assert "made in time" in text
    assert "1 of 2</strong> went as their 90% interval" in text_of(client, "/simulations/scoreboard/")


def test_those_made_in_time_can_be_looked_at_alone(client):
    fill(1)

    assert "New 0" in text_of(client, URL + "?made=in_time")
    assert "No forecast of this kind" in text_of(client, URL + "?made=replayed")
    assert "New 0" in text_of(client, URL + "?made=nonsense")


def test_export_has_the_numbers_of_the_page(client):
    fill(2)

    rows = list(csv.DictReader(io.StringIO(client.get(URL + "?format=csv").getvalue().decode("utf-8-sig"))))

    assert [row["What happened"] for row in rows] == ["103", "103"]
    assert {row["Inside"] for row in rows} == {"yes"}


@pytest.mark.parametrize("url", [URL, API], ids=["page", "api"])
def test_more_forecasts_ask_the_database_no_more(client, url):
    fill(1)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    queries()
    once = queries()
    fill(4)

    assert queries() == once


def test_the_api_tells_the_same(client):
    fill(1)

    (told,) = client.get(API).json()["results"]

    assert (told["mid"], told["outcome"]["n_buyers"], told["is_inside"]) == (104.0, 103, True)
