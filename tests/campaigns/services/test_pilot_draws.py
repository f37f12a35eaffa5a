from datetime import timedelta

import pytest
from django.db.models import Count
from django.utils.timezone import localtime

from campaigns.models import AudienceMember, Campaign, LedgerEntry, Pilot, Simulation
from campaigns.queries.eligibility import pilot_customer_ids
from campaigns.queries.pilots import pilot_advice, read_pilot
from campaigns.queries.scenarios import base_of
from campaigns.queries.segment_takers import with_takers
from campaigns.services.campaigns import CampaignInvalid, approve_campaign, submit_campaign
from campaigns.services.ledger import join_outcome
from campaigns.services.pilot_draws import PilotPlanned, call_off_pilot, draw_pilot
from campaigns.services.pilots import PilotInvalid, forecast_rest
from campaigns.services.rebuilding import rebuild_audience
from campaigns.services.rehearsal import start_rehearsal
from loyalty.models import Product
from loyalty.services.progress import QuietProgress
from segments.models import Segmentation
from tests.campaigns.rehearsed import AT, DAY, EFFECT, rehearse, send
from tests.campaigns.shop import add_order
from tests.rows import make_segment

pytestmark = pytest.mark.django_db
LATER = AT + 60 * DAY


@pytest.fixture
def simulation(db):
    return rehearse(1_200)


def draw(simulation, by, n=200, *, first=2, days=21, **changed):
    plan = PilotPlanned(n, AT + first * DAY, AT + (first + days) * DAY)
    return draw_pilot(simulation=simulation, plan=plan, by=by, at=AT, **changed)


def ids(audience):
    return set(audience.members.values_list("customer_id", flat=True))


def redeemers(simulation):
    return simulation.forecasts.get(metric="redeemers")


def width(simulation):
    told = redeemers(simulation)
    return told.high_90 - told.low_90


class TestDrawing:
    def test_some_get_it_first_and_the_others_are_left_to_the_campaign(self, simulation, marketer):
        everybody = ids(simulation.audience)

        pilot = draw(simulation, marketer)

        drawn, rest = ids(pilot.campaign.audience), ids(pilot.rest)
        assert (len(drawn), len(rest)) == (200, 1_000)
        assert drawn | rest == everybody
        assert not drawn & rest
        of = Campaign.objects.get(pk=simulation.campaign_id)
        assert (of.audience, of.audience_rule) == (pilot.rest, {"kind": "best", "n": 1_000})
        assert set(pilot.campaign.offers.all()) == set(of.offers.all())
        assert (pilot.campaign.name, pilot.campaign.state) == ("Pilot of “Rehearsed 1”", "draft")
        assert ids(simulation.audience) == everybody

    def test_everybody_keeps_what_was_said_of_them_and_is_counted_anew(self, simulation, marketer):
        simulation.audience.members.update(expected_effect=0.02, effect_low=0.01, effect_high=0.03, reason="Took some")
        before = dict(simulation.audience.members.values_list("customer_id", "score"))

        pilot = draw(simulation, marketer)

        members = list(pilot.campaign.audience.members.order_by("position"))
        assert [member.position for member in members] == list(range(1, 201))
        assert all(member.score == before[member.customer_id] for member in members)
        assert {member.propensity for member in members} == {200 / 1_200}
        told = {(one.expected_effect, one.effect_low, one.effect_high, one.reason) for one in members}
        assert told == {(0.02, 0.01, 0.03, "Took some")}
        assert [one.position for one in pilot.rest.members.order_by("position")] == list(range(1, 1_001))

    def test_the_same_seed_draws_the_same_people_and_another_seed_others(self, simulation, marketer):
        first = ids(draw(simulation, marketer).campaign.audience)
        call_off_pilot(pilot=Pilot.objects.get(), by=marketer, at=AT)

        again = ids(draw(simulation, marketer).campaign.audience)
        call_off_pilot(pilot=Pilot.objects.get(called_off_at=None), by=marketer, at=AT)
        Simulation.objects.filter(pk=simulation.pk).update(seed=99)
        simulation.refresh_from_db()

        assert again == first
        assert ids(draw(simulation, marketer).campaign.audience) != first

    def test_asked_twice_it_is_drawn_once(self, simulation, marketer):
        assert draw(simulation, marketer) == draw(simulation, marketer)
        assert Pilot.objects.count() == 1
        with pytest.raises(PilotInvalid, match="has a pilot already"):
            draw(simulation, marketer, n=150)

    def test_the_list_can_be_drawn_again_and_compared(self, simulation, marketer):
        compared = rebuild_audience(audience=draw(simulation, marketer).campaign.audience, report=QuietProgress())

        assert compared.is_same
        assert compared.n_rebuilt == 200

    @pytest.mark.parametrize(
        ("asked", "field", "sentence"),
        [
            ({"n": 0}, "n", "at most half of the 1,200"),
            ({"n": 601}, "n", "Draw 1 to 600 customers"),
            ({"days": 0}, "ends_at", "must not be before the first day"),
            ({"days": 400}, "ends_at", "at most 366 days"),
            ({"first": -1}, "starts_at", "knows what happened until"),
            ({"first": 60}, "starts_at", "Begin it before the campaign itself ends"),
        ],
        ids=["nobody", "more than half", "no day", "more than a year", "before what is known", "after the campaign"],
    )
    def test_what_cannot_be_is_refused(self, simulation, marketer, asked, field, sentence):
        with pytest.raises(PilotInvalid, match=sentence) as refused:
            draw(simulation, marketer, **asked)
        assert refused.value.field == field
        assert not Pilot.objects.exists()

    def test_only_a_draft_with_the_people_of_this_rehearsal_is_parted(self, simulation, marketer):
        Campaign.objects.filter(pk=simulation.campaign_id).update(audience=None)
        with pytest.raises(PilotInvalid, match="Rehearse it again"):
            draw(simulation, marketer)
        Campaign.objects.filter(pk=simulation.campaign_id).update(state="approved")
        with pytest.raises(PilotInvalid, match="only one marked “Draft”"):
            draw(simulation, marketer)

    def test_people_nobody_scored_cannot_be_drawn(self, simulation, marketer):
        simulation.audience.members.update(score=None)

        with pytest.raises(PilotInvalid, match="Nobody knows how likely"):
            draw(simulation, marketer)

    def test_a_pilot_has_no_pilot(self, simulation, marketer):
        made = draw(simulation, marketer).campaign
        Simulation.objects.filter(pk=simulation.pk).update(campaign=made, audience=made.audience)

        with pytest.raises(PilotInvalid, match="is a pilot itself"):
            draw(Simulation.objects.get(pk=simulation.pk), marketer)


class TestNobodyGetsBoth:
    def test_the_pilots_people_fall_at_a_gate_of_the_campaign(self, simulation, marketer):
        pilot = draw(simulation, marketer)

        assert set(pilot_customer_ids(pilot.of).tolist()) == ids(pilot.campaign.audience)
        assert pilot_customer_ids(pilot.campaign).size == 0

    def test_a_campaign_that_would_reach_them_is_not_submitted(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        Campaign.objects.filter(pk=pilot.of_id).update(audience=simulation.audience)

        with pytest.raises(CampaignInvalid, match="200 of these people get the pilot already"):
            submit_campaign(campaign=pilot.of, by=marketer, at=AT)
        Campaign.objects.filter(pk=pilot.of_id).update(audience=pilot.rest)
        assert submit_campaign(campaign=pilot.of, by=marketer, at=AT).state == "in_review"

    def test_nor_approved(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        Campaign.objects.filter(pk=pilot.of_id).update(audience=simulation.audience, state="in_review")

        with pytest.raises(CampaignInvalid, match="get the pilot already"):
            approve_campaign(campaign=pilot.of, by=marketer, at=AT)


class TestCallingOff:
    def test_its_people_belong_to_the_campaign_again(self, simulation, marketer):
        pilot = call_off_pilot(pilot=draw(simulation, marketer), by=marketer, at=AT)

        of = Campaign.objects.get(pk=simulation.campaign_id)
        assert (of.audience, pilot.campaign.state) == (simulation.audience, "cancelled")
        assert pilot_customer_ids(of).size == 0
        assert draw(simulation, marketer).campaign.name == "Pilot 2 of “Rehearsed 1”"

    def test_one_that_was_sent_stays(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        send(pilot.campaign, effect=0.0)

        with pytest.raises(PilotInvalid, match="only one marked “Draft”"):
            call_off_pilot(pilot=pilot, by=marketer, at=AT)


class TestWhatItTells:
    def test_those_who_wait_are_forecast_with_it_and_its_takers_set_apart(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        n_took = send(pilot.campaign, effect=0.5)

        made = forecast_rest(pilot=Pilot.objects.get(), by=marketer, at=LATER)

        assert made.audience == pilot.rest
        assert made.evidence["pilot"]["campaign_id"] == pilot.campaign_id
        assert (made.evidence["pilot"]["n_sent"], made.evidence["pilot"]["n_took"]) == (200, n_took)
        assert base_of(made).n_customers == 1_000
        assert redeemers(made).mid > redeemers(simulation).mid * 1_000 / 1_200

    def test_the_interval_is_about_half_as_wide_and_holds_the_truth(self, db, marketer):
        widths, held = [], 0
        for seed in range(1, 6):
            simulation = rehearse(2_000, seed=seed)
            n = pilot_advice(base_of(simulation)).halving.n
            effect = EFFECT.mean + EFFECT.sd * (-1.2, 0.8, 0.0, 1.4, -0.5)[seed - 1]
            pilot = draw(simulation, marketer, n=n)
            send(pilot.campaign, effect=effect, seed=seed)

            made = forecast_rest(pilot=Pilot.objects.get(pk=pilot.pk), by=marketer, at=LATER)

            came = send(Campaign.objects.get(pk=simulation.campaign_id), effect=effect, seed=50 + seed)
            held += redeemers(made).low_90 <= came <= redeemers(made).high_90
            widths.append(width(made) / width(simulation) * 2_000 / (2_000 - n))
        assert sum(widths) / 5 == pytest.approx(0.5, abs=0.1)
        assert held >= 4

    def test_once_sent_a_rehearsal_counts_what_happened_first(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        send(pilot.campaign, effect=0.5)

        job = start_rehearsal(campaign=Campaign.objects.get(pk=pilot.campaign_id), by=marketer, at=LATER)

        steps = list(job.steps.order_by("position"))
        assert steps[0].task == "campaigns.record_outcomes"
        assert {step.params["campaign"] for step in steps} == {pilot.campaign.external_id}

    def test_told_nothing_new_it_is_forecast_once(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        send(pilot.campaign, effect=0.0)

        first = forecast_rest(pilot=Pilot.objects.get(), by=marketer, at=LATER)

        assert forecast_rest(pilot=Pilot.objects.get(), by=marketer, at=LATER + DAY) == first
        pilot.campaign.redemptions.filter(pk__in=pilot.campaign.redemptions.values("pk")[:5]).delete()
        assert forecast_rest(pilot=Pilot.objects.get(), by=marketer, at=LATER) != first

    def test_it_is_held_against_what_the_others_do(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        send(pilot.campaign, effect=0.3)
        made = forecast_rest(pilot=Pilot.objects.get(), by=marketer, at=LATER)
        of = Campaign.objects.get(pk=simulation.campaign_id)
        came = send(of, effect=0.3, seed=9)

        join_outcome(of, until=of.ends_at)

        outcome = LedgerEntry.objects.get(simulation=made).outcome
        assert (outcome.n_redeemers, sum(outcome.taken)) == (came, came)
        third = len(outcome.taken) // 3
        assert sum(outcome.taken[:third]) > 2 * sum(outcome.taken[-third:])

    def test_takers_of_groups_are_not_told_where_somebody_is_gone(self, simulation, marketer):
        of = Campaign.objects.get(pk=simulation.campaign_id)
        send(of, effect=0.3)
        simulation.audience.members.first().delete()

        join_outcome(of, until=of.ends_at)

        assert LedgerEntry.objects.get(simulation=simulation).outcome.taken == []

    def test_takers_of_segments_stand_beside_what_was_expected_of_them(self, simulation, marketer):
        of = Campaign.objects.get(pk=simulation.campaign_id)
        members = [member.customer for member in simulation.audience.members.order_by("position")[:100]]
        segment = make_segment(1, *members)
        Segmentation.objects.update(is_current=True)
        found_on = localtime(Segmentation.objects.get().as_of).date().isoformat()
        send(of, effect=0.3)
        n_took = of.redemptions.filter(customer__in=members).count()

        told = with_takers(simulation, [{"segment": segment.name, "found_on": found_on}])
        changed = with_takers(simulation, [{"segment": segment.name, "found_on": "2001-01-01"}])

        assert told[0]["took"] == n_took > 0
        assert "took" not in changed[0]

    def test_those_who_are_still_to_come_are_added(self, simulation, marketer):
        curve = {"days": list(range(22)), "mid": [day / 21 for day in range(22)]}
        Simulation.objects.filter(pk=simulation.pk).update(curves={"reception": curve})
        pilot = draw(simulation, marketer)
        send(pilot.campaign, effect=0.0)

        early = read_pilot(Pilot.objects.get(), at=pilot.campaign.starts_at + 7 * DAY + timedelta(hours=3))

        assert (early.days, early.is_over) == (7, False)
        assert read_pilot(Pilot.objects.get(), at=LATER).days is None

    def test_a_shorter_pilot_misses_those_who_come_late(self, simulation, marketer):
        pilot = draw(simulation, marketer, days=10)
        send(pilot.campaign, effect=0.0)

        assert read_pilot(Pilot.objects.get(), at=LATER).days == 10

    def test_takers_after_its_window_do_not_count(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        n_took = send(pilot.campaign, effect=0.0)
        pilot.campaign.redemptions.filter(pk=pilot.campaign.redemptions.first().pk).update(
            redeemed_at=pilot.campaign.ends_at
        )

        assert read_pilot(Pilot.objects.get(), at=LATER).n_took == n_took - 1

    def test_before_it_was_sent_and_before_a_day_has_gone_nothing_is_told(self, simulation, marketer):
        pilot = draw(simulation, marketer)

        with pytest.raises(PilotInvalid, match="was not sent yet"):
            forecast_rest(pilot=pilot, by=marketer, at=LATER)
        send(pilot.campaign, effect=0.0)
        with pytest.raises(PilotInvalid, match="Count after one day"):
            forecast_rest(pilot=Pilot.objects.get(), by=marketer, at=pilot.campaign.starts_at + timedelta(hours=5))

    def test_nothing_is_told_of_days_that_the_data_do_not_reach(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        send(pilot.campaign, effect=0.0)
        add_order(pilot.rest.members.first().customer, Product.objects.create(sku="p", name="P", currency="USD"), AT)

        assert "do not reach that far" in read_pilot(Pilot.objects.get(), at=LATER).why_not

    def test_people_found_since_are_forecast_instead(self, simulation, marketer):
        pilot = draw(simulation, marketer)
        send(pilot.campaign, effect=0.0)
        again = rehearse(600, seed=2)
        Campaign.objects.filter(pk=pilot.of_id).update(audience=again.audience)
        Simulation.objects.filter(pk=again.pk).update(campaign=pilot.of_id)

        assert forecast_rest(pilot=Pilot.objects.get(), by=marketer, at=LATER).audience == again.audience


def test_nobody_is_in_two_of_the_lists(simulation, marketer):
    pilot = draw(simulation, marketer)
    lists = [pilot.rest, pilot.campaign.audience]

    twice = AudienceMember.objects.filter(audience__in=lists).values("customer").annotate(n=Count("*")).filter(n__gt=1)

    assert not twice.exists()
