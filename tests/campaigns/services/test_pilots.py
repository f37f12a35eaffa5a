import pytest
from django.db import transaction
from django.test import override_settings

from campaigns.models import LedgerEntry, Simulation
from campaigns.queries.pilots import pilot_advice, sent_pilots
from campaigns.queries.scenarios import base_of
from campaigns.services.pilots import PilotInvalid, PilotTold, forecast_after_pilot, share_due
from campaigns.services.simulations import simulate_campaign
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, add_campaign, open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """Learning takes seconds: once for all of them, undone afterwards; each test works in a transaction inside."""
    with django_db_blocker.unblock(), override_settings(ARTEFACT_DIR=tmp_path_factory.mktemp("artefacts")):
        whole = transaction.atomic()
        whole.__enter__()
        shop = open_shop()
        at = shop.next_campaign.ends_at + 30 * DAY
        # Of a type never seen, so that there is much that a pilot can tell.
        campaign = add_campaign(
            "New", shop.products[0], starts_at=at + 9 * DAY, type="New type", audience_rule={"kind": "everybody"}
        )
        yield shop, simulate_campaign(campaign=campaign, at=at, seed=1, report=QuietProgress()).pk
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture
def simulation(world):
    return Simulation.objects.select_related("campaign", "audience", "model_version").get(pk=world[1])


def after(simulation, by, at, *numbers):
    return forecast_after_pilot(simulation=simulation, pilot=PilotTold(*numbers), by=by, at=at)


def redeemers(simulation):
    return simulation.forecasts.get(metric="redeemers")


def test_a_pilot_makes_a_new_surer_forecast_and_leaves_the_old_one(simulation, marketer, at):
    before = redeemers(simulation)
    kept = (before.mid, before.low_90, before.high_90)

    made = after(simulation, marketer, at, 60, 24)

    surer = redeemers(made)
    again = redeemers(simulation)
    assert (again.mid, again.low_90, again.high_90) == kept
    assert surer.high_90 - surer.low_90 < 0.7 * (before.high_90 - before.low_90)
    assert surer.mid == pytest.approx(0.4 * 120, rel=0.2)
    assert made.evidence["pilot"]["n_took"] == 24
    assert [line["dimension"] for line in made.evidence["support"] if line["extra_sd"]] == []
    assert base_of(made).name == "As planned"
    kept = LedgerEntry.objects.get(simulation=made)
    assert (kept.low_90, kept.high_90) == (surer.low_90, surer.high_90)


def test_a_good_pilot_raises_the_forecast_and_a_bad_one_lowers_it(simulation, marketer, at):
    good, bad = after(simulation, marketer, at, 60, 36), after(simulation, marketer, at, 60, 4)

    assert redeemers(bad).mid < redeemers(simulation).mid < redeemers(good).mid


def test_those_who_are_still_to_come_are_added(simulation, marketer, at):
    early, late = after(simulation, marketer, at, 60, 10, 10), after(simulation, marketer, at, 60, 10)

    assert 0.2 < share_due(simulation, 10) < 0.8
    assert share_due(simulation, None) == 1.0
    assert redeemers(early).mid > 1.2 * redeemers(late).mid


def test_the_suggestion_is_for_this_audience(simulation):
    advice = pilot_advice(base_of(simulation))

    assert [size.n for size in advice.sizes] == [25, 50]
    assert advice.sizes[1].width_share < advice.sizes[0].width_share < 1


def test_a_sent_campaign_of_the_same_offer_can_be_the_pilot(world, simulation):
    shop, _ = world
    sent = shop.campaigns[0]
    simulation.campaign.offers.add(sent.offers.get())

    found = sent_pilots(simulation).get()

    assert found == sent
    assert (found.n_members, found.n_took) == (120, sent.redemptions.values("customer").distinct().count())


@pytest.mark.parametrize(
    ("numbers", "field"),
    [((0, 0), "n_sent"), ((121, 3), "n_sent"), ((50, 51), "n_took"), ((50, 5, 0), "days")],
    ids=["nobody", "more than everybody", "more takers than sent", "no day"],
)
def test_numbers_that_cannot_be_are_refused(simulation, marketer, at, numbers, field):
    with pytest.raises(PilotInvalid) as refused:
        after(simulation, marketer, at, *numbers)
    assert refused.value.field == field
