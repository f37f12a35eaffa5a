import pytest
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from campaigns.models import IncentivePlan, Offer
from campaigns.services.incentives import IncentivesAsked, IncentivesInvalid, plan_incentives, start_incentives
from loyalty.models import Consent, Job
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, OPENED, add_campaign, open_shop

pytestmark = pytest.mark.django_db
ASKED = IncentivesAsked(benefits=(0.5, 1.0, 2.0), odds=1.5)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """A shop with a planned campaign whose offer gives 1.00 a use, and what a plan needs; learnt once."""
    with django_db_blocker.unblock(), override_settings(ARTEFACT_DIR=tmp_path_factory.mktemp("artefacts")):
        whole = transaction.atomic()
        whole.__enter__()
        shop = open_shop()
        starts_at = shop.next_campaign.ends_at + 2 * DAY
        campaign = add_campaign(
            "Next", shop.products[0], starts_at=starts_at, cost_per_contact="0.05", margin_share="0.9"
        )
        Offer.objects.filter(campaigns=campaign).update(benefit_amount=1, cost_per_redemption=1)
        plan_incentives(campaign=campaign, asked=ASKED, at=starts_at, seed=1, report=QuietProgress())
        yield shop, campaign
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


def planned(campaign, asked=ASKED):
    return plan_incentives(campaign=campaign, asked=asked, at=campaign.starts_at, seed=1, report=QuietProgress())


def test_a_plan_says_who_gets_what_and_what_it_leaves(world):
    _, campaign = world

    plan = planned(campaign)

    choices = list(plan.choices.all())
    assert len(choices) == plan.n_given > 0
    assert {one.benefit for one in choices} <= {0.5, 1.0, 2.0}
    assert sum(one.value for one in choices) == pytest.approx(plan.value)
    assert plan.value_low <= plan.value <= plan.value_high
    assert plan.value <= plan.bound + 1e-6
    assert plan.value >= max(line["uniform"] for line in plan.evidence["lines"]) - 1e-6
    assert (plan.odds, plan.is_learnt, plan.n_customers) == (1.5, False, 120)


def test_the_same_seed_gives_the_same_plan(world):
    _, campaign = world

    first, second = (planned(campaign) for _ in range(2))

    for name in ("value", "value_low", "value_high", "spend", "bound"):
        assert getattr(first, name) == getattr(second, name)


def test_a_small_budget_binds_and_its_price_is_what_more_of_it_brings(world):
    _, campaign = world
    free = planned(campaign)

    tight = planned(campaign, IncentivesAsked(ASKED.benefits, budget=free.spend / 3, odds=1.5))
    more = planned(campaign, IncentivesAsked(ASKED.benefits, budget=free.spend / 3 + 1, odds=1.5))

    assert tight.spend <= free.spend / 3
    assert tight.value < free.value
    assert tight.shadow_price == pytest.approx(more.bound - tight.bound, rel=0.35)
    assert free.shadow_price == 0


def test_who_refused_gets_nothing(world):
    shop, campaign = world
    for one in shop.customers[:40]:
        Consent.objects.create(customer=one, channel="mail", state="denied", source="form", at=OPENED)

    plan = planned(campaign)

    assert plan.n_customers == 80
    assert not set(plan.choices.values_list("customer_id", flat=True)) & shop.keen_ids


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (IncentivesAsked(()), "benefits"),
        (IncentivesAsked((1.0, 2.0, 3.0, 4.0, 5.0)), "benefits"),
        (IncentivesAsked((0.0, 1.0)), "benefits"),
        (IncentivesAsked((1.0, 1.0)), "benefits"),
        (IncentivesAsked((1.0,), budget=-1.0), "budget"),
        (IncentivesAsked((1.0,), odds=0.5), "odds"),
    ],
    ids=["none", "five", "zero", "twice", "budget", "odds"],
)
def test_what_makes_no_sense_is_refused_by_its_field(world, asked, field):
    with pytest.raises(IncentivesInvalid) as refused:
        start_incentives(campaign=world[1], asked=asked, by=None, at=OPENED)

    assert refused.value.field == field


def test_the_page_asks_once_and_shows_the_plan_and_exports_it(world, marketer, client):
    _, campaign = world
    client.force_login(marketer)
    typed = {"benefit_1": "0.50", "benefit_2": "1", "budget": "20", "odds": "1.5"}

    for _ in range(2):
        assert client.post(reverse("campaign-incentives-plan", args=[campaign.pk]), typed).status_code == 302
    job = Job.objects.get(task="campaigns.plan_incentives")
    assert job.params["benefits"] == [0.5, 1.0]
    assert (job.params["budget"], job.params["odds"]) == (20.0, 1.5)

    text = client.get(reverse("campaign-incentives", args=[campaign.pk])).content.decode()
    assert "Is it worth telling customers apart?" in text
    assert "raises the odds 1.50 times is assumed" in text
    table = client.get(reverse("campaign-incentives", args=[campaign.pk]), {"format": "csv"})
    assert table.getvalue().decode().count("\n") == IncentivePlan.objects.first().n_given + 1


def test_what_was_typed_wrong_comes_back_with_a_sentence(world, marketer, client):
    client.force_login(marketer)

    page = client.post(reverse("campaign-incentives-plan", args=[world[1].pk]), {"benefit_1": "1", "benefit_2": "1"})

    assert "Two of the benefits are the same" in page.content.decode()
    assert not Job.objects.filter(task="campaigns.plan_incentives").exists()
