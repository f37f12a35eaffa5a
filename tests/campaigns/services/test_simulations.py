import shutil
from datetime import timedelta

import pytest

from campaigns.engine.simulation import METRICS
from campaigns.models import Audience, AudienceMember, Campaign, Forecast, Redemption, Simulation
from campaigns.services.audiences import AudienceEmpty
from campaigns.services.learning import HistoryTooSmall
from campaigns.services.simulations import NeverSent, rehearse_campaign, simulate_campaign
from loyalty.models import Consent, Job
from loyalty.services.progress import QuietProgress
from recommender.models import ModelVersion
from segments.models import Segment, Segmentation, SegmentMembership
from tests.campaigns.shop import DAY, N_CAMPAIGNS, add_campaign, add_order, open_shop

pytestmark = pytest.mark.django_db
ROWS = (Simulation, Audience, AudienceMember, Forecast, ModelVersion)


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


@pytest.fixture
def shop():
    return open_shop()


@pytest.fixture
def now(shop):
    return shop.next_campaign.ends_at + 30 * DAY


class JobProgress(QuietProgress):
    def __init__(self, now):
        self.job_id = Job.objects.create(task="t", label="l", created_at=now).pk


def planned(shop, now, rule, **values):
    return add_campaign("Planned", shop.products[0], starts_at=now + 9 * DAY, audience_rule=rule, **values)


def redeemers(simulation):
    return simulation.forecasts.get(metric="redeemers")


def test_rehearsal_forecasts_both_groups_as_of_the_day_before(shop, now):
    rehearsal = rehearse_campaign(campaign=shop.next_campaign, at=now, seed=1, report=QuietProgress())

    for simulation in (rehearsal.sent, rehearsal.picked):
        assert simulation.as_of == shop.next_campaign.starts_at - DAY
        assert [forecast.metric for forecast in simulation.forecasts.all()] == list(METRICS)
        assert simulation.evidence["n_campaigns"] == N_CAMPAIGNS
        assert set(simulation.curves) == {"profit", "reception", "segments", "reasons"}
    assert rehearsal.sent.audience == shop.next_campaign.audience
    assert rehearsal.picked.audience.kind == Audience.Kind.BEST


def test_forecast_holds_what_happened(shop, now):
    sent = rehearse_campaign(campaign=shop.next_campaign, at=now, seed=1, report=QuietProgress()).sent

    actual = shop.next_campaign.redemptions.values("customer").distinct().count()
    assert redeemers(sent).low_90 <= actual <= redeemers(sent).high_90
    assert redeemers(sent).naive_high_90 - redeemers(sent).naive_low_90 < (
        redeemers(sent).high_90 - redeemers(sent).low_90
    )


def test_planted_responders_are_picked_first_each_with_a_reason(shop, now):
    campaign = planned(shop, now, {"kind": "best", "n": 40})

    simulation = simulate_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress())

    members = list(simulation.audience.members.all())
    assert {member.customer_id for member in members} == shop.keen_ids
    assert [member.position for member in members] == list(range(1, 41))
    assert all(m.reason and m.score_low <= m.score <= m.score_high for m in members)


def test_what_happens_later_changes_no_forecast(shop, now, settings):
    campaign = shop.next_campaign
    first = rehearse_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress()).sent
    shutil.rmtree(settings.ARTEFACT_DIR)  # so that it is learnt again, with all that is there by then
    at = campaign.starts_at - DAY
    for number, customer in enumerate(shop.customers[60:]):
        add_order(customer, shop.products[0], at + number * timedelta(seconds=1), coupon=3)
        Redemption.objects.create(
            campaign=campaign, offer=campaign.offers.get(), customer=customer, redeemed_at=at + number * timedelta(1)
        )

    second = rehearse_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress()).sent

    numbers = ("metric", "mean", "mid", "low_90", "high_90")
    assert list(second.forecasts.values_list(*numbers)) == list(first.forecasts.values_list(*numbers))


@pytest.mark.parametrize("service", [rehearse_campaign, simulate_campaign])
def test_same_job_twice_doubles_nothing(shop, now, service):
    campaign = shop.next_campaign if service is rehearse_campaign else planned(shop, now, {"kind": "everybody"})
    report = JobProgress(now)
    first = service(campaign=campaign, at=now, seed=1, report=report)
    counts = [model.objects.count() for model in ROWS]

    assert service(campaign=campaign, at=now, seed=1, report=report) == first
    assert [model.objects.count() for model in ROWS] == counts


def test_another_job_learns_nothing_twice(shop, now):
    campaign = planned(shop, now, {"kind": "everybody"})

    first = simulate_campaign(campaign=campaign, at=now, seed=1, report=JobProgress(now))
    second = simulate_campaign(campaign=campaign, at=now, seed=1, report=JobProgress(now))

    assert first.pk != second.pk
    assert first.model_version == second.model_version
    assert ModelVersion.objects.count() == 2


def test_damaged_file_costs_a_new_version_and_nothing_else(shop, now, tmp_path):
    campaign = planned(shop, now, {"kind": "everybody"})
    first = simulate_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress())
    (tmp_path / first.model_version.artefact / "params.json").write_text("{}")

    second = simulate_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress())

    assert second.model_version != first.model_version
    assert redeemers(second).mid == redeemers(first).mid


def test_best_model_becomes_champion_and_an_older_one_does_not_replace_it(shop, now):
    newest = simulate_campaign(
        campaign=planned(shop, now, {"kind": "everybody"}), at=now, seed=1, report=QuietProgress()
    )

    rehearse_campaign(campaign=shop.next_campaign, at=now, seed=1, report=QuietProgress())

    assert ModelVersion.objects.get(purpose="reception", alias="champion") == newest.model_version
    assert not newest.model_version.is_baseline


def test_too_little_history_is_refused_with_a_sentence_and_leaves_nothing(db, settings):
    shop = open_shop(n_campaigns=3)

    with pytest.raises(HistoryTooSmall, match="needs 5 finished campaigns and 50 people who took them; there are 3"):
        rehearse_campaign(campaign=shop.next_campaign, at=shop.next_campaign.ends_at, seed=1, report=QuietProgress())
    assert not Simulation.objects.exists()
    assert not ModelVersion.objects.exists()


def test_campaign_without_recipients_is_refused(shop, now):
    Campaign.objects.filter(pk=shop.next_campaign.pk).update(audience=None)
    shop.next_campaign.refresh_from_db()

    with pytest.raises(NeverSent, match="Import its recipients"):
        rehearse_campaign(campaign=shop.next_campaign, at=now, seed=1, report=QuietProgress())


def test_who_refused_is_never_picked(shop, now):
    refusing, changed = shop.customers[0], shop.customers[1]
    for customer, state, at in (
        (refusing, "granted", now - 9 * DAY), (refusing, "revoked", shop.campaigns[0].starts_at + 200 * DAY),
        (changed, "denied", shop.campaigns[0].starts_at), (changed, "granted", shop.campaigns[1].starts_at),
    ):  # fmt: skip
        Consent.objects.create(customer=customer, channel="mail", state=state, source="form", at=at)
    Consent.objects.filter(customer=refusing, state="granted").update(at=shop.campaigns[0].starts_at)

    simulation = simulate_campaign(
        campaign=planned(shop, now, {"kind": "everybody"}), at=now, seed=1, report=QuietProgress()
    )

    members = set(simulation.audience.members.values_list("customer_id", flat=True))
    assert refusing.pk not in members
    assert changed.pk in members


def make_segment(customers, at):
    segmentation = Segmentation.objects.create(
        name="Groups", spec={}, as_of=at, k=2, silhouette=0.3, verdict="Clear.", is_current=True, created_at=at
    )
    segment = Segment.objects.create(kind="cluster", name="Keen", segmentation=segmentation, number=1, created_at=at)
    for customer in customers:
        SegmentMembership.objects.create(segment=segment, customer=customer, valid_from=at)
    return segment


def test_segment_everybody_and_past_recipients_are_reached_as_asked(shop, now):
    segment = make_segment(shop.customers[:7], shop.campaigns[0].starts_at)
    rules = [
        ({"kind": "segment", "segment_id": segment.pk}, 7),
        ({"kind": "everybody"}, 120),
        ({"kind": "imported", "campaign_id": shop.campaigns[0].pk}, 120),
        ({"kind": "best", "n": 13}, 13),
    ]
    for rule, n in rules:
        campaign = add_campaign(str(rule), shop.products[0], starts_at=now + 9 * DAY, audience_rule=rule)
        simulation = simulate_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress())
        campaign.refresh_from_db()
        assert campaign.audience == simulation.audience
        assert simulation.audience.members.count() == n == simulation.forecasts.get(metric="reach").mid


def test_segments_of_the_audience_are_forecast_apart(shop, now):
    make_segment(shop.customers[:7], shop.campaigns[0].starts_at)

    simulation = simulate_campaign(
        campaign=planned(shop, now, {"kind": "everybody"}), at=now, seed=1, report=QuietProgress()
    )

    [line] = simulation.curves["segments"]
    assert (line["segment"], line["n"]) == ("Keen", 7)
    assert line["low_80"] <= line["mid"] <= line["high_80"] <= 7


def test_empty_segment_is_refused_and_leaves_nothing(shop, now):
    segment = make_segment([], now)
    campaign = planned(shop, now, {"kind": "segment", "segment_id": segment.pk})

    with pytest.raises(AudienceEmpty, match="Choose another audience"):
        simulate_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress())
    assert not Simulation.objects.exists()
    assert not Audience.objects.filter(kind="segment").exists()


@pytest.mark.parametrize(("cost", "advice"), [("0", "Send to everybody"), ("90", "Send to nobody")])
def test_advice_follows_the_money(shop, now, cost, advice):
    for past in shop.campaigns:
        for redemption in past.redemptions.all():
            add_order(redemption.customer, shop.products[0], redemption.redeemed_at, coupon=1, amount=20)
    campaign = planned(shop, now, {"kind": "best"}, cost_per_contact=cost, margin_share="0.5")

    simulation = simulate_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress())

    assert simulation.audience.advice.startswith(advice)
    # Not just 20: now and then an ordinary order of the same day carried a coupon as well.
    assert simulation.assumptions["revenue_per_redemption"]["value"] == pytest.approx(20, abs=0.3)
    assert simulation.assumptions["revenue_per_redemption"]["source"] == "history"
    assert simulation.assumptions["cost_per_contact"]["source"] == "campaign"


def test_forecast_of_a_late_plan_stands_on_the_last_day_with_data(shop):
    years_later = shop.next_campaign.ends_at + 2_000 * DAY
    campaign = planned(shop, years_later, {"kind": "everybody"})

    simulation = simulate_campaign(campaign=campaign, at=years_later, seed=1, report=QuietProgress())

    assert simulation.as_of < shop.next_campaign.ends_at + 100 * DAY
