"""A large shop by parts: the same numbers as in one go, whatever workers do and whatever becomes of them."""

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from campaigns import tasks
from campaigns.models import AudienceMember, CustomerScoring, Forecast, LedgerEntry, Scenario, ScoredPart, Simulation
from campaigns.queries.scenarios import base_of
from campaigns.services import scenario_runs, scored_parts, scoring
from campaigns.services.learning import LEARNING_SEED, learn_reception
from campaigns.services.rehearsal import start_rehearsal
from campaigns.services.scenario_runs import simulate_scenarios, start_scenarios
from campaigns.services.scenarios import ScenarioPlan, add_scenario
from campaigns.services.scored_parts import ScoringGone, begin_scoring, joined, score_part
from campaigns.services.scoring import joined_scores, score_customers, score_range
from campaigns.services.simulations import simulate_campaign
from loyalty.models import Customer, Job
from loyalty.services import jobs
from loyalty.services.leases import claim
from loyalty.services.progress import JobCancelled, QuietProgress
from loyalty.tasks import wake
from tests.campaigns.shop import DAY, N_CUSTOMERS, add_campaign, open_shop
from tests.conftest import wait_until
from tests.locks import locked
from tests.loyalty.test_worker import is_somebody_waiting_for_a_lock

pytestmark = pytest.mark.django_db
QUIET = QuietProgress()
SIZE = 50
SCORES = ("score", "score_low", "score_high", "expected_profit")
TASKS = {
    scored_parts.BEGIN_TASK: tasks.begin_scoring_task,
    scored_parts.PART_TASK: tasks.score_part_task,
    "campaigns.simulate_campaign": tasks.simulate,
    "campaigns.rehearse_campaign": tasks.rehearse,
    "campaigns.record_outcomes": tasks.outcomes,
    scenario_runs.TASK: tasks.scenarios,
}


@pytest.fixture(autouse=True)
def _large_from_a_hundred_on(monkeypatch):
    monkeypatch.setattr(scored_parts, "AT_ONCE", 100)
    monkeypatch.setattr(scored_parts.scoring_steps, "__kwdefaults__", {"size": SIZE})


@pytest.fixture
def shop(settings):
    return open_shop()


@pytest.fixture
def now(shop):
    return shop.next_campaign.ends_at + 30 * DAY


@pytest.fixture
def campaign(shop, now):
    return add_campaign("Planned", shop.products[0], starts_at=now + 9 * DAY, audience_rule={"kind": "everybody"})


@pytest.fixture
def by(db):
    return get_user_model().objects.create_user("ann")


def numbers(simulation):
    """Everything a person could compare; scores but for the last bits, as many are worked out at once."""
    levels = [f"{side}_{level}" for side in ("low", "high") for level in (50, 80, 90, 95)]
    members = AudienceMember.objects.filter(audience=simulation.audience).order_by("position")
    return (
        list(simulation.forecasts.values_list("metric", "mean", "mid", *levels)),
        simulation.curves,
        list(members.values_list("customer", "position", "reason")),
        np.array(members.values_list(*SCORES), dtype=float).round(9).tolist(),
    )


def do(parent, order=lambda steps: steps):
    """Every step, the parts in an order of our own."""
    first, *parts, last = parent.steps.order_by("position")
    for step in [first, *order(parts), last]:
        TASKS[step.task](step.pk)
    parent.refresh_from_db()
    assert parent.state == "done", parent.error


def test_by_parts_in_any_order_or_at_once_the_numbers_are_the_same(campaign, now, by):
    at_once = simulate_campaign(campaign=campaign, at=now, seed=20170101, report=QUIET)
    parent = start_rehearsal(campaign=campaign, by=by, at=now)
    assert [step.is_beside for step in parent.steps.order_by("position")] == [False, True, True, True, False]
    do(parent, lambda parts: parts[::-1])

    by_parts = Simulation.objects.get(job__parent=parent)
    assert numbers(by_parts) == numbers(at_once)
    assert by_parts.audience.members.count() == N_CUSTOMERS
    assert not CustomerScoring.objects.exists()


def test_a_past_campaign_is_rehearsed_by_parts_too(shop, now, by):
    parent = start_rehearsal(campaign=shop.next_campaign, by=by, at=now)
    steps = list(parent.steps.order_by("position"))
    for step in steps:
        TASKS[step.task](step.pk)

    parent.refresh_from_db()
    assert (parent.state, parent.done) == ("done", 6), parent.error
    assert steps[0].task == "campaigns.record_outcomes"
    assert Simulation.objects.filter(job__parent=parent).count() == 2


def test_what_the_parts_add_up_to_is_told_while_others_are_at_work(campaign, now, by, client):
    client.force_login(by)
    parent = start_rehearsal(campaign=campaign, by=by, at=now)
    first, part, other, third, _ = parent.steps.order_by("position")
    tasks.begin_scoring_task(first.pk)
    tasks.score_part_task(part.pk)
    tasks.score_part_task(other.pk)
    claim(third.pk, worker="here")

    page = client.get(reverse("campaign-rehearsal", args=[campaign.pk])).content.decode()
    of_job = client.get(reverse("job", args=[parent.pk])).content.decode()

    other.refresh_from_db()
    so_far = other.summary["so_far"]
    assert (so_far["n"], so_far["of"]) == (100, N_CUSTOMERS)
    assert 0 < so_far["low_90"] < so_far["mid"] < so_far["high_90"] < 100
    assert f"9 times out of 10 between {so_far['low_90']:,.0f} and {so_far['high_90']:,.0f}." in page
    assert "100 of 120 customers." in page
    assert f"100 of 120 customers scored so far: {so_far['mid']:,.0f} (" in of_job
    assert "50 of 120" not in of_job
    assert not Forecast.objects.exists()


def test_what_is_told_so_far_ends_near_the_forecast_of_everybody_and_is_kept_nowhere(campaign, now, by):
    parent = start_rehearsal(campaign=campaign, by=by, at=now)
    do(parent)

    so_far = max((step.summary["so_far"] for step in parent.steps.all() if step.is_beside), key=lambda one: one["n"])
    told = Simulation.objects.get(job__parent=parent).forecasts.get(metric="redeemers")
    assert so_far["n"] == N_CUSTOMERS
    for level in ("low_90", "mid", "high_90"):
        assert so_far[level] == pytest.approx(getattr(told, level), rel=0.15)
    assert LedgerEntry.objects.filter(simulation__isnull=False).count() == 1


def test_the_count_is_told_before_curves_and_list_are_there(campaign, now):
    told = []

    class Told(QuietProgress):
        def __call__(self, done, total, message=""):
            told.append((message, Simulation.objects.count()))

    simulation = simulate_campaign(campaign=campaign, at=now, seed=1, report=Told())

    taken = simulation.forecasts.get(metric="redeemers")
    sentence, n_simulations = told[-1]
    assert f"most likely {taken.mid:,.0f} would take it, 9 times out of 10 between {taken.low_90:,.0f}" in sentence
    assert n_simulations == 0


def test_a_small_shop_is_simulated_in_one_go(campaign, now, by, monkeypatch):
    monkeypatch.setattr(scored_parts, "AT_ONCE", N_CUSTOMERS)

    job = start_rehearsal(campaign=campaign, by=by, at=now)

    assert (job.task, job.steps.count()) == ("campaigns.simulate_campaign", 0)


def test_a_part_done_twice_is_there_once(campaign, now, by):
    first, part, *_ = start_rehearsal(campaign=campaign, by=by, at=now).steps.order_by("position")
    begin_scoring(about=first.params, at=now, report=QUIET)
    found = [score_part(about=part.params, report=QUIET) for _ in range(2)]

    assert found[0] == found[1]
    assert found[0]["n_customers"] == ScoredPart.objects.get().n_customers == SIZE


def test_a_part_of_which_nobody_is_left_is_empty_and_the_others_are_told(campaign, now, by):
    first, part, *_ = start_rehearsal(campaign=campaign, by=by, at=now).steps.order_by("position")
    begin_scoring(about=first.params, at=now, report=QUIET)
    nobody = {**part.params, "first": 2**40, "last": 2**40 + SIZE}

    empty, some = (score_part(about=about, report=QUIET) for about in (nobody, part.params))

    assert (empty["n_customers"], empty["so_far"]["high_90"]) == (0, 0.0)
    assert (some["so_far"]["n"], some["so_far"]["of"]) == (SIZE, N_CUSTOMERS)


def test_who_came_since_customers_were_counted_is_scored_with_the_others(campaign, now):
    learnt = learn_reception(as_of=now, at=now, seed=LEARNING_SEED, report=QUIET)
    middle = Customer.objects.order_by("pk")[60].pk
    ranges = [(1, middle), (middle + 1, 2**62)]
    pieces = [score_range(campaign=campaign, as_of=now, learnt=learnt, keys=keys) for keys in ranges]

    whole = joined_scores(pieces, N_CUSTOMERS - 7)

    assert len(whole.customers) == len(whole.logits) == N_CUSTOMERS
    assert (np.diff(whole.customers.customer_ids) > 0).all()


def test_a_simulation_without_all_its_parts_is_refused(campaign, now, by):
    first, part, *_, last = start_rehearsal(campaign=campaign, by=by, at=now).steps.order_by("position")
    with pytest.raises(ScoringGone, match="Rehearse the campaign again"):
        joined(about=last.params)
    begin_scoring(about=first.params, at=now, report=QUIET)
    score_part(about=part.params, report=QUIET)

    with pytest.raises(ScoringGone, match="Not all customers are scored"):
        joined(about=last.params)
    assert not Simulation.objects.exists()


def test_a_cancelled_part_leaves_nothing_of_its_own(campaign, now, by):
    parent = start_rehearsal(campaign=campaign, by=by, at=now)
    first, part, *_ = parent.steps.order_by("position")
    tasks.begin_scoring_task(first.pk)
    lease = claim(part.pk, worker="here")
    jobs.cancel(parent, at=now)

    with pytest.raises(JobCancelled):
        score_part(about=part.params, report=lease)
    assert not ScoredPart.objects.exists()


def test_what_nobody_took_up_again_goes_after_a_week(campaign, now, by):
    old, new = (start_rehearsal(campaign=campaign, by=by, at=now).steps.get(position=0).params for _ in range(2))
    begin_scoring(about=old, at=now, report=QUIET)

    begin_scoring(about=new, at=now + 8 * DAY, report=QUIET)

    assert CustomerScoring.objects.get().key == new["scoring"]


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_workers_killed_in_a_part_and_in_the_simulation_change_no_number(campaign, now, by, start_worker):
    undisturbed = numbers(simulate_campaign(campaign=campaign, at=now, seed=20170101, report=QUIET))
    parent = start_rehearsal(campaign=campaign, by=by, at=now)
    for model in (ScoredPart, Forecast):
        worker = start_worker()
        with locked(model):
            wake(parent)
            wait_until(is_somebody_waiting_for_a_lock)
            worker.kill()
    assert not Simulation.objects.filter(job__parent=parent).exists()

    workers = [start_worker(), start_worker()]
    wait_until(lambda: Job.objects.get(pk=parent.pk).state in Job.ENDED_STATES, 180)
    parent.refresh_from_db()
    assert (parent.state, parent.done) == ("done", 5), parent.error + workers[0].output()[-2000:]
    assert sorted(parent.steps.values_list("attempt", flat=True)) == [1, 1, 1, 2, 2]
    assert numbers(Simulation.objects.get(job__parent=parent)) == undisturbed
    assert np.isfinite([value for _, value, *_ in undisturbed[0]]).all()


def test_one_worker_alone_scores_range_by_range_as_in_one_go(campaign, now, monkeypatch):
    learnt = learn_reception(as_of=now, at=now, seed=LEARNING_SEED, report=QUIET)
    at_once = score_customers(campaign=campaign, as_of=now, learnt=learnt)
    monkeypatch.setattr(scoring, "AT_ONCE", 100)
    monkeypatch.setattr(scoring, "CUSTOMERS_PER_PART", SIZE)

    in_ranges = score_customers(campaign=campaign, as_of=now, learnt=learnt)

    assert in_ranges.customers.customer_ids.tolist() == at_once.customers.customer_ids.tolist()
    assert in_ranges.customers.values.tolist() == at_once.customers.values.tolist()
    assert np.allclose(in_ranges.logits, at_once.logits, atol=1e-12)
    assert np.allclose(in_ranges.reasons, at_once.reasons, atol=1e-12)


@pytest.fixture
def compared(campaign, now, by):
    """A simulation with two plans that wait: they reach others than it did."""
    simulation = simulate_campaign(campaign=campaign, at=now, seed=20170101, report=QUIET)
    for n in (40, 60):
        wait(simulation, by, now, n)
    return simulation


def wait(simulation, by, now, n):
    base = base_of(simulation)
    rule = {"kind": "best", "n": n}
    plan = ScenarioPlan(name=f"Best {n}", starts_at=base.starts_at, ends_at=base.ends_at, audience_rule=rule)
    return add_scenario(simulation=simulation, plan=plan, by=by, at=now)


def drawn(simulation):
    told = Scenario.objects.filter(simulation=simulation, audience_rule__kind="best").order_by("name")
    return list(told.values_list("audience_rule__n", "redeemers", "redemptions", "support"))


def forget_drawn(simulation, by, now):
    """The same plans, waiting once more: what was drawn of them is refused any change."""
    numbers = drawn(simulation)
    Scenario.objects.filter(simulation=simulation, audience_rule__kind="best").delete()
    for n in (40, 60):
        wait(simulation, by, now, n)
    return numbers


def test_plans_are_compared_by_parts_with_the_numbers_of_one_go(compared, now, by):
    simulate_scenarios(simulation=compared, at=now, report=QUIET)
    at_once = forget_drawn(compared, by, now)

    parent = start_scenarios(simulation=compared, by=by, at=now)
    assert start_scenarios(simulation=compared, by=by, at=now) is None
    do(parent, lambda parts: parts[::-1])

    assert drawn(compared) == at_once
    assert [len(redeemers) for _, redeemers, *_ in at_once] == [4_000, 4_000]
    assert not CustomerScoring.objects.exists()


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_workers_killed_while_plans_are_compared_change_no_number(compared, now, by, start_worker):
    simulate_scenarios(simulation=compared, at=now, report=QUIET)
    undisturbed = forget_drawn(compared, by, now)
    parent = start_scenarios(simulation=compared, by=by, at=now)
    for model in (ScoredPart, Scenario):
        worker = start_worker()
        with locked(model):
            wake(parent)
            wait_until(is_somebody_waiting_for_a_lock)
            worker.kill()
    assert all(redeemers is None for _, redeemers, *_ in drawn(compared))

    worker = start_worker()
    wait_until(lambda: Job.objects.get(pk=parent.pk).state in Job.ENDED_STATES, 180)
    parent.refresh_from_db()
    assert (parent.state, parent.done) == ("done", 5), parent.error + worker.output()[-2000:]
    assert sorted(parent.steps.values_list("attempt", flat=True)) == [1, 1, 1, 2, 2]
    assert drawn(compared) == undisturbed
    assert not CustomerScoring.objects.exists()
