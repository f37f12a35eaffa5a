import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign, Scenario, Simulation
from campaigns.queries.scenarios import base_of
from campaigns.services.simulations import simulate_campaign
from loyalty.models import AuditEntry, Job
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, add_campaign, open_shop
from tests.rows import fill, make_scenario

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _logged_in(marketer, client):
    client.force_login(marketer)


@pytest.fixture(scope="module")
def planned(django_db_setup, django_db_blocker, tmp_path_factory):
    """Learning takes seconds: once for all of them, undone afterwards; each test works in a transaction inside."""
    with django_db_blocker.unblock(), override_settings(ARTEFACT_DIR=tmp_path_factory.mktemp("artefacts")):
        whole = transaction.atomic()
        whole.__enter__()
        shop = open_shop()
        at = shop.next_campaign.ends_at + 30 * DAY
        money = {"cost_per_contact": "0.10", "margin_share": "0.500", "audience_rule": {"kind": "everybody"}}
        campaign = add_campaign("Planned", shop.products[0], starts_at=at + 9 * DAY, **money)
        campaign.offers.update(cost_per_redemption="0.50", benefit_percent=10)
        yield simulate_campaign(campaign=campaign, at=at, seed=1, report=QuietProgress()).pk
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture
def simulation(planned):
    return Simulation.objects.select_related("campaign").get(pk=planned)


def page(client, simulation, **query):
    return client.get(reverse("scenarios", args=[simulation.pk]), query).content.decode()


def add(client, simulation, **values):
    base = base_of(simulation)
    given = {"name": "20%", "benefit_percent": "20", "audience": "same", "starts_on": base.starts_at.date()}
    last = (base.ends_at - DAY).date()
    return client.post(reverse("scenario-add", args=[simulation.pk]), {**given, "ends_on": last, **values}, follow=True)


def test_another_benefit_is_compared_at_once_and_the_page_says_what_it_takes_for_granted(client, simulation):
    text = add(client, simulation).content.decode()

    assert "“As planned” leaves" in text
    assert "more than “20%”, the next best" in text
    assert "The same response is taken for granted" in text
    assert "Told apart" in text
    assert "Which plan leaves the most?" in text


def test_other_people_wait_for_a_job_and_the_page_asks_again(client, simulation):
    text = add(client, simulation, audience="best", n_customers="40", benefit_percent="").content.decode()

    assert Job.objects.get(task="campaigns.simulate_scenarios").params == {"simulation_id": simulation.pk}
    assert "Being simulated" in text
    assert 'hx-trigger="every 1500ms"' in text


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(client, simulation):
    text = add(client, simulation, name="", benefit_percent="200").content.decode()
    assert "Give this plan a name" in text
    text = add(client, simulation, benefit_percent="200").content.decode()
    assert "The percentage must be above 0 and at most 100." in text
    assert Scenario.objects.filter(simulation=simulation).count() == 1


def test_own_costs_make_a_plan_of_the_same_counts(client, simulation):
    values = {"name": "Dear post", "cost_per_contact": "0.40", "margin_percent": "35"}
    text = client.post(reverse("scenario-money", args=[simulation.pk]), values, follow=True).content.decode()

    made = Scenario.objects.get(name="Dear post")
    assert made.redemptions == base_of(simulation).redemptions
    assert (made.money.cost_per_contact, made.money.margin_share) == (0.4, 0.35)
    assert "Dear post" in text


def test_costs_that_cannot_be_are_refused_beside_their_field(client, simulation):
    values = {"name": "Odd", "margin_percent": "140"}
    text = client.post(reverse("scenario-money", args=[simulation.pk]), values).content.decode()

    assert "The margin must lie between 0 and 100 percent." in text


def test_extra_revenue_is_unknown_until_somebody_guesses(client, simulation):
    unknown, guessed = page(client, simulation), page(client, simulation, extra="30")

    assert "<strong>unknown</strong>" in unknown
    assert "Extra profit if your assumption holds" not in unknown
    assert "<strong>30%, your assumption</strong>" in guessed
    assert "Extra profit if your assumption holds" in guessed
    for odd in ("-5", "101", "x", "٣"):
        assert "<strong>unknown</strong>" in page(client, simulation, extra=odd)


def test_a_plan_is_applied_and_the_trail_says_by_whom_and_why(client, simulation, marketer):
    add(client, simulation)
    chosen = Scenario.objects.get(name="20%")

    text = client.post(reverse("scenario-apply", args=[chosen.pk]), follow=True).content.decode()

    assert "“20%” is now the plan of this campaign." in text
    entry = AuditEntry.objects.filter(reason=f"Applied the scenario “20%” of rehearsal {simulation.pk}").first()
    assert entry.actor_name == marketer.username
    assert simulation.campaign.offers.get().benefit_percent == 20


def test_a_campaign_in_review_offers_no_apply_and_refuses_one(client, simulation):
    Campaign.objects.filter(pk=simulation.campaign_id).update(state="in_review")
    base = base_of(simulation)

    assert "no plan can be applied to it" in page(client, simulation)
    assert reverse("scenario-apply", args=[base.pk]) not in page(client, simulation)
    text = client.post(reverse("scenario-apply", args=[base.pk]), follow=True).content.decode()
    assert "only one marked “Draft” can be changed" in text


def test_a_plan_is_taken_out_but_never_the_first(client, simulation):
    add(client, simulation)
    second = Scenario.objects.get(name="20%")

    client.post(reverse("scenario-remove", args=[second.pk]))
    refused = client.post(reverse("scenario-remove", args=[base_of(simulation).pk]), follow=True).content.decode()

    assert "One plan so far" in page(client, simulation)
    assert "The plan as it was simulated stays" in refused


def test_a_plan_outside_experience_says_so_on_both_pages(client, simulation):
    add(
        client, simulation, starts_on=base_of(simulation).starts_at.date(), ends_on=base_of(simulation).starts_at.date()
    )

    assert "It would run for 1 day; so far they ran for 21 days" in page(client, simulation)
    text = client.get(simulation.get_absolute_url()).content.decode()
    assert "Yes: the plan lies within what past campaigns teach." in text


def test_a_rehearsal_of_before_says_what_to_do(client):
    fill(1)
    simulation = Simulation.objects.order_by("-pk").first()
    Scenario.objects.filter(simulation=simulation).delete()

    assert "Rehearse the campaign again" in page(client, simulation)
    assert client.post(reverse("scenario-money", args=[simulation.pk]), {"name": "x"}).status_code == 404


def test_queries_do_not_grow_with_the_plans(client):
    fill(1)
    simulation = Simulation.objects.order_by("-pk").first()

    def n_queries():
        with CaptureQueriesContext(connection) as caught:
            page(client, simulation)
        return len(caught)

    n_queries()
    one = n_queries()
    for number in range(2):
        make_scenario(simulation, name=f"Plan {number}")
    assert n_queries() == one


def test_plans_that_could_not_be_simulated_say_so_and_are_asked_for_no_more(client, simulation):
    waiting = add(client, simulation, audience="best", n_customers="40").content.decode()
    assert 'hx-trigger="every 1500ms"' in waiting
    Job.objects.filter(task="campaigns.simulate_scenarios").update(state="failed", error="A worker said no.")

    failed = page(client, simulation)

    assert "Not every plan could be simulated" in failed
    assert "A worker said no." in failed
    assert 'hx-trigger="every 1500ms"' not in failed
