import pytest
from django.urls import reverse

from campaigns.models import Pilot, Scenario, Simulation
from tests.campaigns.rehearsed import rehearse, send
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


class TestDrawnPilot:
    @pytest.fixture
    def simulation(self, marketer, client):
        client.force_login(marketer)
        return rehearse(1_200)

    def ask(self, client, simulation, action="draw", **changed):
        values = {"n": "200", "starts_on": "2024-05-03", "ends_on": "2024-05-23", **changed}
        url = reverse(f"pilot-{action}", args=[simulation.pk])
        return client.post(url, values if action == "draw" else {}, follow=True).content.decode()

    def test_the_form_suggests_how_many_and_when(self, client, simulation):
        text = client.get(reverse("pilot", args=[simulation.pk])).content.decode()

        assert "Draw this pilot" in text
        assert 'value="2024-05-02"' in text
        assert 'value="2024-05-30"' in text

    def test_drawn_it_is_a_campaign_of_its_own_and_both_say_so(self, client, simulation):
        text = self.ask(client, simulation)

        assert "The pilot is drawn." in text
        assert "Pilot of “Rehearsed 1”" in text
        assert "drawn at random, to see how it is taken" in text
        assert "they are left out here" in client.get(simulation.campaign.get_absolute_url()).content.decode()
        page = client.get(reverse("pilot", args=[simulation.pk])).content.decode()
        assert "was not sent yet" in page
        assert "Draw this pilot" not in page

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"n": ""}, "Write how many customers get it first"),
            ({"n": "-3"}, "Write how many customers get it first"),
            ({"n": "700"}, "Draw 1 to 600 customers"),
            ({"starts_on": "soon"}, "Write the first day as a date"),
            ({"ends_on": "9999-12-31"}, "Write the last day as a date"),
            ({"starts_on": "1017-01-01"}, "Write the first day as a date"),
            ({"ends_on": "2024-05-01"}, "must not be before the first day"),
            ({"starts_on": "2024-07-01", "ends_on": "2024-07-09"}, "Begin it before the campaign itself ends"),
        ],
        ids=[
            "empty",
            "negative",
            "more than half",
            "no date",
            "the end of time",
            "long ago",
            "backwards",
            "after the campaign",
        ],
    )
    def test_what_is_wrong_stands_beside_its_field(self, client, simulation, values, sentence):
        assert sentence in self.ask(client, simulation, **values)
        assert not Pilot.objects.exists()

    def test_a_second_one_is_refused_in_words(self, client, simulation):
        self.ask(client, simulation)

        assert "has a pilot already" in self.ask(client, simulation, n="100")

    def test_what_came_of_it_is_one_click_away(self, client, simulation):
        self.ask(client, simulation)
        n_took = send(Pilot.objects.get().campaign, effect=0.2)

        assert (
            f"{n_took} of 200 customers took it" in client.get(reverse("pilot", args=[simulation.pk])).content.decode()
        )
        text = self.ask(client, simulation, "forecast")
        assert f"After a pilot: {n_took} of 200 took it. They already came" in text

    def test_before_there_is_one_nothing_can_be_read_or_called_off(self, client, simulation):
        assert "Draw one first" in self.ask(client, simulation, "forecast")
        assert "Draw one first" in self.ask(client, simulation, "call-off")

    def test_called_off_it_can_be_drawn_anew(self, client, simulation):
        self.ask(client, simulation)

        assert "belong to the campaign again" in self.ask(client, simulation, "call-off")
        assert "Draw this pilot" in client.get(reverse("pilot", args=[simulation.pk])).content.decode()

    def test_who_may_only_look_sees_no_button(self, client, simulation, django_user_model):
        client.force_login(django_user_model.objects.create_user("plain"))

        assert "Draw this pilot" not in client.get(reverse("pilot", args=[simulation.pk])).content.decode()


class TestByTheApi:
    @pytest.fixture
    def simulation(self, marketer, client):
        client.force_login(marketer)
        return rehearse(1_200)

    def call(self, client, simulation, path="", **values):
        url = f"/api/v1/simulations/{simulation.pk}/pilot/{path}"
        return client.post(url, values, content_type="application/json")

    def test_drawn_read_and_called_off(self, client, simulation):
        window = {"starts_at": "2024-05-03T00:00:00Z", "ends_at": "2024-05-24T00:00:00Z"}

        drawn = self.call(client, simulation, n=200, **window)

        assert drawn.status_code == 201
        assert drawn.json()["drawn"]["of"] == simulation.campaign_id
        assert "not sent yet" in drawn.json()["reading"]["why_not"]
        assert "not sent yet" in self.call(client, simulation, "forecast/").content.decode()
        assert self.call(client, simulation, "call-off/").json()["drawn"] is None

    def test_the_others_are_forecast_with_it(self, client, simulation):
        window = {"starts_at": "2024-05-03T00:00:00Z", "ends_at": "2024-05-24T00:00:00Z"}
        self.call(client, simulation, n=200, **window)
        send(Pilot.objects.get().campaign, effect=0.2)

        made = self.call(client, simulation, "forecast/")

        assert made.status_code == 201
        assert made.json()["audience"]["id"] == Pilot.objects.get().rest_id

    def test_what_cannot_be_is_refused_by_its_field(self, client, simulation):
        window = {"starts_at": "2024-05-03T00:00:00Z", "ends_at": "2024-05-24T00:00:00Z"}

        refused = self.call(client, simulation, n=900, **window)

        assert refused.status_code == 400
        assert "Draw 1 to 600 customers" in str(refused.json())
