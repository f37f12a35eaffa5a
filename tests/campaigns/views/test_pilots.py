import pytest
from django.urls import reverse

from campaigns.models import Scenario, Simulation
from tests.rows import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def simulation(marketer, client):
    client.force_login(marketer)
    fill(1)
    return Simulation.objects.order_by("-pk").first()


def post(client, simulation, **values):
    return client.post(reverse("pilot-result", args=[simulation.pk]), values, follow=True).content.decode()


def test_the_page_says_how_many_should_get_it_first(client, simulation):
    text = client.get(reverse("pilot", args=[simulation.pk])).content.decode()

    assert "How many should get it first?" in text
    assert "400 customers" in text


def test_a_result_leads_to_the_new_forecast(client, simulation):
    text = post(client, simulation, n_sent="100", n_took="30")

    assert "Forecast again with what the pilot told." in text
    assert "After a pilot: 30 of 100 took it" in text
    assert Simulation.objects.filter(evidence__has_key="pilot").count() == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Write this as a whole number"),
        ({"n_sent": "100"}, "Write this as a whole number"),
        ({"n_sent": "100", "n_took": "200"}, "No more customers can have taken it than got it."),
        ({"n_sent": "1000", "n_took": "2"}, "at most all 400 customers"),
        ({"campaign": "999999"}, "Choose one of the campaigns of the list."),
    ],
    ids=["nothing", "half of it", "too many takers", "too many", "no such campaign"],
)
def test_what_is_wrong_stands_beside_its_field(client, simulation, values, sentence):
    assert sentence in post(client, simulation, **values)
    assert not Simulation.objects.filter(evidence__has_key="pilot").exists()


def test_a_rehearsal_of_before_says_what_to_do(client, simulation):
    Scenario.objects.filter(simulation=simulation).delete()

    assert "Rehearse the campaign again" in client.get(reverse("pilot", args=[simulation.pk])).content.decode()
    assert "Rehearse the campaign again" in post(client, simulation, n_sent="10", n_took="1")
