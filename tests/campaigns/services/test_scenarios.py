from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from campaigns.models import Campaign, Offer, Scenario, Simulation
from campaigns.queries.scenarios import base_of, shown_scenarios
from campaigns.services.campaigns import CampaignInvalid
from campaigns.services.scenario_choice import apply_scenario
from campaigns.services.scenario_runs import simulate_scenarios, start_scenarios
from campaigns.services.scenarios import (
    ScenarioInvalid,
    ScenarioPlan,
    add_scenario,
    change_money,
    remove_scenario,
    scenario_problems,
)
from campaigns.services.simulations import rehearse_campaign, simulate_campaign
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, WINDOW, add_campaign, open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """Learning takes seconds: once for all of them, undone afterwards; each test works in a transaction inside."""
    with django_db_blocker.unblock(), override_settings(ARTEFACT_DIR=tmp_path_factory.mktemp("artefacts")):
        whole = transaction.atomic()
        whole.__enter__()
        shop = open_shop()
        at = shop.next_campaign.ends_at + 30 * DAY
        yield shop, simulated(shop, at, "Planned", audience_rule={"kind": "everybody"}).pk
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


def simulated(shop, at, name, **values):
    money = {"cost_per_contact": "0.10", "margin_share": "0.500", "audience_rule": {"kind": "everybody"}}
    campaign = add_campaign(name, shop.products[0], starts_at=at + 9 * DAY, **{**money, **values})
    Offer.objects.filter(campaigns=campaign).update(cost_per_redemption="0.50", benefit_percent=10)
    return simulate_campaign(campaign=campaign, at=at, seed=1, report=QuietProgress())


@pytest.fixture
def shop(world):
    return world[0]


@pytest.fixture
def now(shop):
    return shop.next_campaign.ends_at + 30 * DAY


@pytest.fixture
def simulation(world):
    return Simulation.objects.select_related("campaign", "audience").get(pk=world[1])


def plan(simulation, **values):
    base = base_of(simulation)
    given = {"name": "Another", "starts_at": base.starts_at, "ends_at": base.ends_at}
    return ScenarioPlan(**{**given, "audience_rule": base.audience_rule, **values})


def add(simulation, by, now, **values):
    return add_scenario(simulation=simulation, plan=plan(simulation, **values), by=by, at=now)


def test_a_simulation_brings_its_own_plan_as_the_first_scenario(simulation):
    base = base_of(simulation)
    redeemers = simulation.forecasts.get(metric="redeemers")

    assert base.name == "As planned"
    assert base.n_customers == 120
    assert np.median(base.redeemers) == redeemers.mid
    assert np.quantile(base.redeemers, 0.05) == pytest.approx(redeemers.low_90)
    assert {line["dimension"] for line in base.support} >= {"type", "size", "dates", "customers"}


def test_another_benefit_without_any_knowledge_of_its_response_changes_money_alone(simulation, marketer, now):
    deeper = add(simulation, marketer, now, name="20%", benefit_percent=Decimal(20))

    assert deeper.response == "same"
    assert deeper.redemptions == base_of(simulation).redemptions
    assert deeper.assumptions["cost_per_redemption"]["value"] == pytest.approx(1.0)
    assert deeper.assumptions["cost_per_redemption"]["source"] == "scenario"


def test_a_stated_change_in_response_multiplies_the_takers_and_is_called_an_assumption(simulation, marketer, now):
    more = add(simulation, marketer, now, benefit_percent=Decimal(20), response_change=0.25)

    assert more.response == "assumed"
    assert np.mean(more.redeemers) == pytest.approx(1.25 * np.mean(base_of(simulation).redeemers), rel=0.03)


def test_where_past_offers_varied_the_response_is_learnt_from_them(simulation, marketer, now):
    for row, line in enumerate(simulation.evidence["past"]):
        line["percent"] = [5.0, 10.0, 20.0, 30.0][row % 4]
        score = next((s for s in simulation.evidence["scoreboard"] if s["campaign_id"] == line["campaign_id"]), None)
        if score is None:
            score = {"campaign_id": line["campaign_id"], "mid": 30.0}
            simulation.evidence["scoreboard"].append(score)
        score["mid"], score["actual"] = 300.0, 300.0 * (line["percent"] / 10) ** 0.5
    simulation.save()

    deeper = add(simulation, marketer, now, benefit_percent=Decimal(20))

    assert deeper.response == "learnt"
    assert np.mean(deeper.redeemers) > 1.05 * np.mean(base_of(simulation).redeemers)


def test_fewer_days_than_usual_count_only_who_would_come_by_then(simulation, marketer, now):
    base = base_of(simulation)
    half = add(simulation, marketer, now, ends_at=base.starts_at + WINDOW / 2)
    longer = add(simulation, marketer, now, name="Longer", ends_at=base.starts_at + 1.2 * WINDOW)

    assert np.mean(half.redeemers) == pytest.approx(np.mean(base.redeemers) / 2, rel=0.25)
    assert longer.redeemers == base.redeemers
    assert [line["dimension"] for line in half.support if line["extra_sd"]] == ["dates"]
    assert half.effect["sd"] > base.effect["sd"]


def test_other_people_wait_for_a_job_and_it_writes_them_once(simulation, marketer, now):
    best = add(simulation, marketer, now, name="Best 40", audience_rule={"kind": "best", "n": 40})
    assert best.is_waiting

    job = start_scenarios(simulation=simulation, by=marketer, at=now)
    assert start_scenarios(simulation=simulation, by=marketer, at=now) is None
    assert job.params == {"simulation_id": simulation.pk}
    assert simulate_scenarios(simulation=simulation, at=now, report=QuietProgress()) == 1
    assert simulate_scenarios(simulation=simulation, at=now, report=QuietProgress()) == 0

    best.refresh_from_db()
    base = base_of(simulation)
    assert best.n_customers == 40
    assert np.mean(best.redeemers) < np.mean(base.redeemers) < 1.5 * np.mean(best.redeemers)
    assert np.corrcoef(best.redeemers, base.redeemers)[0, 1] > 0.5


def test_an_audience_of_nobody_is_told_and_the_others_are_simulated(simulation, marketer, now):
    shop_campaign = Campaign.objects.get(external_id="0")
    shop_campaign.audience.members.exclude(pk=shop_campaign.audience.members.first().pk).delete()
    lonely = add(
        simulation, marketer, now, name="Lost", audience_rule={"kind": "imported", "campaign_id": shop_campaign.pk}
    )
    shop_campaign.audience.members.all().delete()
    fine = add(simulation, marketer, now, name="Fine", audience_rule={"kind": "best", "n": 10})

    simulate_scenarios(simulation=simulation, at=now, report=QuietProgress())

    lonely.refresh_from_db()
    fine.refresh_from_db()
    assert "Nobody is left" in lonely.problem
    assert fine.is_made


def test_money_is_changed_without_a_new_forecast_of_counts(simulation, marketer, now):
    base = base_of(simulation)
    dearer = change_money(
        scenario=base, name="Post is dearer", money={"cost_per_contact": 0.3, "margin_share": 0.4}, by=marketer, at=now
    )

    base.refresh_from_db()
    assert dearer.redeemers == base.redeemers
    assert dearer.money.cost_per_contact == 0.3
    assert base.money.cost_per_contact == 0.1
    assert simulation.forecasts.get(metric="contact_cost").mid == pytest.approx(12.0)


def test_a_simulated_scenario_cannot_be_changed(simulation):
    base = base_of(simulation)
    base.assumptions = {}

    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        base.save()


def test_four_are_the_most_and_one_that_is_taken_out_is_kept(simulation, marketer, now):
    made = [add(simulation, marketer, now, name=f"Plan {n}", benefit_percent=Decimal(n)) for n in (5, 15, 20)]
    with pytest.raises(ScenarioInvalid, match="Four plans are the most"):
        add(simulation, marketer, now)

    remove_scenario(scenario=made[0], at=now)

    assert [scenario.name for scenario in shown_scenarios(simulation)] == ["As planned", "Plan 15", "Plan 20"]
    assert Scenario.objects.get(pk=made[0].pk).is_made
    with pytest.raises(ScenarioInvalid, match="stays"):
        remove_scenario(scenario=base_of(simulation), at=now)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "as PLANNED"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"benefit_percent": Decimal(10), "benefit_amount": Decimal(1)}, "benefit_amount"),
        ({"benefit_percent": Decimal(101)}, "benefit_percent"),
        ({"benefit_amount": Decimal(0)}, "benefit_amount"),
        ({"response_change": -1.0}, "response_change"),
        ({"audience_rule": {"kind": "best", "n": 0}}, "n_customers"),
        ({"audience_rule": {}}, "audience"),
        ({"money": {"margin_share": 1.5}}, "margin_share"),
        ({"money": {"cost_per_contact": -0.1}}, "cost_per_contact"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(simulation, values, field):
    assert [problem.field for problem in scenario_problems(simulation, plan(simulation, **values))] == [field]


def test_a_rehearsal_cannot_be_moved_to_before_what_it_knows(simulation):
    early = simulation.as_of - timedelta(days=3)
    moved = plan(simulation, starts_at=early, ends_at=early + WINDOW)
    empty = plan(simulation, ends_at=plan(simulation).starts_at)

    assert [problem.field for problem in scenario_problems(simulation, moved)] == ["starts_at"]
    assert [problem.field for problem in scenario_problems(simulation, empty)] == ["ends_at"]


class TestApplied:
    def test_the_draft_becomes_what_was_simulated(self, simulation, marketer, now):
        base = base_of(simulation)
        old = Offer.objects.get(campaigns=simulation.campaign)
        chosen = add(
            simulation, marketer, now, name="Deep", benefit_percent=Decimal(30), ends_at=base.ends_at + DAY,
            money={"cost_per_contact": 0.2},
        )  # fmt: skip

        campaign = apply_scenario(scenario=chosen, by=marketer, at=now)

        campaign.refresh_from_db()
        new = campaign.offers.get()
        assert campaign.ends_at == base.ends_at + DAY
        assert campaign.cost_per_contact == Decimal("0.2")
        assert campaign.margin_share == Decimal("0.5")
        assert (new.benefit_percent, new.cost_per_redemption) == (30, Decimal("1.50"))
        assert list(new.products.all()) == list(old.products.all())
        assert Offer.objects.get(pk=old.pk).benefit_percent == 10
        chosen.refresh_from_db()
        assert chosen.applied_at == now

    def test_the_plan_as_simulated_changes_nothing_but_settles_the_number(self, simulation, marketer, now):
        offer = Offer.objects.get(campaigns=simulation.campaign)

        campaign = apply_scenario(scenario=base_of(simulation), by=marketer, at=now)

        assert campaign.offers.get() == offer
        assert campaign.audience == simulation.audience

    def test_other_people_are_frozen_by_the_next_rehearsal(self, simulation, marketer, now):
        best = add(simulation, marketer, now, audience_rule={"kind": "best", "n": 40})
        with pytest.raises(CampaignInvalid, match="not simulated yet"):
            apply_scenario(scenario=best, by=marketer, at=now)
        simulate_scenarios(simulation=simulation, at=now, report=QuietProgress())
        best.refresh_from_db()

        campaign = apply_scenario(scenario=best, by=marketer, at=now)

        assert campaign.audience_rule == {"kind": "best", "n": 40}
        assert campaign.audience is None

    def test_a_campaign_that_is_no_draft_is_left_alone(self, simulation, marketer, now):
        Campaign.objects.filter(pk=simulation.campaign_id).update(state="in_review")

        with pytest.raises(CampaignInvalid, match="only one marked “Draft” can be changed"):
            apply_scenario(scenario=base_of(simulation), by=marketer, at=now)

    def test_more_than_the_budget_pays_for_is_refused(self, simulation, marketer, now):
        Campaign.objects.filter(pk=simulation.campaign_id).update(budget="13.00")
        dearer = change_money(
            scenario=base_of(simulation), name="Dear", money={"cost_per_contact": 0.5}, by=marketer, at=now
        )

        with pytest.raises(CampaignInvalid, match="more than the budget"):
            apply_scenario(scenario=dearer, by=marketer, at=now)


def test_a_past_campaign_can_be_compared_for_those_it_was_sent_to(shop, marketer, now):
    sent = rehearse_campaign(campaign=shop.next_campaign, at=now, seed=1, report=QuietProgress()).sent

    again = add(sent, marketer, now, benefit_amount=Decimal("0.50"))

    assert again.redeemers == base_of(sent).redeemers
    assert again.assumptions["cost_per_redemption"]["value"] == 0.5


def test_a_type_never_sent_before_is_flagged_and_its_interval_is_wider(shop, now):
    known, unknown = (simulated(shop, now, name, type=name) for name in ("Type A", "Type Z"))

    outside = [line["dimension"] for line in unknown.evidence["support"] if line["extra_sd"]]
    widths = [one.forecasts.get(metric="redeemers") for one in (known, unknown)]
    assert outside == ["type"]
    assert [line["dimension"] for line in known.evidence["support"] if line["extra_sd"]] == []
    assert widths[1].high_90 - widths[1].low_90 > 1.3 * (widths[0].high_90 - widths[0].low_90)
