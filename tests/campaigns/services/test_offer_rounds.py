"""Offers given out in the small shop whose keen customers are known, and every gate on the way."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from campaigns.models import (
    CampaignOffer,
    Holdout,
    Offer,
    OfferAssignment,
    OfferDecision,
    OfferPolicy,
    OfferProduct,
    OfferRound,
    Redemption,
)
from campaigns.queries.assignments import GATES, customer_offers, decision_traces, open_offers
from campaigns.services.offer_chances import NothingToGoBy
from campaigns.services.offer_decisions import CannotDecide, decide_offers, expire_offers
from campaigns.services.offer_rounds import CannotAssign, assign_offers, start_assigning
from loyalty.models import Consent, Job, Order, Product
from loyalty.services.merges import merge_customers
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, add_campaign, add_order, open_shop

pytestmark = pytest.mark.django_db
MONEY = {"cost_per_contact": "0.05", "margin_share": "0.500"}


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


@pytest.fixture
def shop():
    shop = open_shop()
    # What a use brings is read from orders in which a coupon of the offer was used: the next campaign's takers.
    for redemption in shop.campaigns[-1].redemptions.all():
        add_order(redemption.customer, shop.products[0], redemption.redeemed_at, coupon=0.5)
    return shop


@pytest.fixture
def now(shop):
    return shop.next_campaign.ends_at + 30 * DAY


@pytest.fixture
def boss():
    return User.objects.create_superuser("boss")


def planned(shop, now, *, n_offers=1, **values):
    """A campaign of the shop that begins in nine days, with offers on one product each."""
    campaign = add_campaign("Planned", shop.products[0], starts_at=now + 9 * DAY, **{**MONEY, **values})
    for number in range(1, n_offers):
        offer = Offer.objects.create(
            external_id=f"more{number}", name=f"More {number}", mechanic="coupon", currency="USD"
        )
        OfferProduct.objects.create(offer=offer, product=shop.products[number])
        CampaignOffer.objects.create(campaign=campaign, offer=offer)
    Offer.objects.filter(campaigns=campaign).update(cost_per_redemption="0.10")
    return campaign


def given(campaign, now, **policy):
    if policy:
        OfferPolicy.objects.update_or_create(campaign=campaign, defaults=policy)
    return assign_offers(campaign=campaign, at=now, seed=1, report=QuietProgress())


def gate_of(customer, campaign, now):
    trace = next(one for one in decision_traces(customer, at=now) if one.round.campaign_id == campaign.pk)
    return trace.offers[0].gate.name


class JobProgress(QuietProgress):
    def __init__(self, now):
        self.job_id = Job.objects.create(task="t", label="l", created_at=now).pk


def test_the_planted_takers_get_the_offer_and_the_others_are_told_why_not(shop, now):
    campaign = planned(shop, now, cost_per_contact="0.60")

    made = given(campaign, now)

    got = set(OfferAssignment.objects.values_list("customer_id", flat=True))
    assert got
    assert got <= shop.keen_ids
    assert made.n_assigned == len(got)
    left = next(customer for customer in shop.customers if customer.pk not in got)
    assert gate_of(left, campaign, now) == "VALUE"


def test_an_offer_says_what_is_expected_of_it_and_why(shop, now):
    made = given(planned(shop, now), now)

    for one in OfferAssignment.objects.all():
        assert 0 < one.score_low <= one.score <= one.score_high
        assert one.expected_value > 0
        assert one.reason.startswith("Bought its products")
        assert one.status == "suggested"
        assert one.model_version == made.model_version
        assert not one.has_little_history
        assert one.expires_at == made.campaign.ends_at
    assert made.value_low < made.value < made.value_high
    assert made.bound >= made.evidence["chosen_value"] > 0
    assert {one.baseline_score for one in OfferAssignment.objects.all()} != {
        one.score for one in OfferAssignment.objects.all()
    }


def test_nobody_gets_an_offer_that_does_not_pay(shop, now):
    made = given(planned(shop, now, cost_per_contact="50"), now)

    assert made.n_assigned == 0
    assert made.advice.startswith("No offer for anybody")
    assert not OfferAssignment.objects.exists()


def test_no_gate_lets_anybody_through_who_may_not(shop, now):
    campaign = planned(shop, now)
    refuses, held_out, taker, *rest = shop.customers[:7]
    offer = campaign.offers.get()
    Consent.objects.create(customer=refuses, channel="mail", state="revoked", source="form", at=now - DAY)
    Holdout.objects.create(campaign=campaign, customer=held_out, propensity=0.5)
    Offer.objects.filter(pk=offer.pk).update(cap_per_customer=1)
    Redemption.objects.create(campaign=shop.campaigns[0], offer=offer, customer=taker, redeemed_at=now - DAY)

    given(campaign, now)

    got = set(OfferAssignment.objects.values_list("customer_id", flat=True))
    assert not got & {refuses.pk, held_out.pk, taker.pk}
    assert {one.pk for one in rest} <= got
    stops = [gate_of(customer, campaign, now) for customer in (refuses, held_out, taker, rest[0])]
    assert stops == ["CONSENT", "HELD_OUT", "TAKEN", "CHOSEN"]


@pytest.mark.parametrize(
    ("change", "gate"), [({"is_paused": True}, None), ({"stock": 0}, "STOCK"), ({"ended": True}, "VALID")]
)
def test_what_cannot_be_had_is_given_to_nobody(shop, now, change, gate):
    campaign = planned(shop, now)
    if "stock" in change:
        Product.objects.filter(pk=shop.products[0].pk).update(stock=0)
    elif "ended" in change:
        campaign.offers.update(valid_until=campaign.starts_at - DAY)
    else:
        campaign.offers.update(is_paused=True)
        with pytest.raises(CannotAssign, match="None of the offers"):
            given(campaign, now)
        return

    made = given(campaign, now)

    assert made.n_assigned == 0
    assert made.evidence["stopped_at"] == {gate: len(shop.customers)}


def test_caps_hold_and_the_page_says_what_they_cost(shop, now):
    campaign = planned(shop, now, n_offers=3, budget="1.00")
    campaign.offers.update(cap_total=5)

    made = given(campaign, now)

    counts = [OfferAssignment.objects.filter(offer=offer).count() for offer in campaign.offers.all()]
    assert max(counts) <= 5
    assert made.evidence["spend"] <= 1.0
    lifted = {one["limit"]: one["value"] for one in made.evidence["limits"]}
    assert set(lifted) == {"offer_caps", "budget", "per_customer"}
    assert lifted["budget"] > made.evidence["chosen_value"]
    assert OfferAssignment.objects.values("customer").distinct().count() == sum(counts)


def test_customers_get_as_many_offers_as_the_policy_says_the_best_first(shop, now):
    campaign = planned(shop, now, n_offers=3)

    given(campaign, now, offers_per_customer=2)

    mine = list(OfferAssignment.objects.filter(customer=shop.customers[0]).order_by("position"))
    assert [one.position for one in mine] == [1, 2]
    assert mine[0].expected_value >= mine[1].expected_value


def test_what_is_given_looks_like_no_loss_and_adds_up_to_the_round(shop, now):
    """Whoever gets two offers is reached once: each bears the contact by what it brings."""
    campaign = planned(shop, now, n_offers=3, cost_per_contact="0.30")
    campaign.offers.filter(name="More 2").update(cost_per_redemption="1.80")

    made = given(campaign, now, offers_per_customer=3)

    values = list(OfferAssignment.objects.values_list("expected_value", flat=True))
    assert min(values) > 0
    assert sum(values) == pytest.approx(made.evidence["chosen_value"])


def test_who_gets_as_many_campaigns_as_allowed_gets_no_more(shop, now):
    campaign = planned(shop, now)
    for name in ("Other", "Another"):
        add_campaign(
            name,
            shop.products[0],
            starts_at=campaign.starts_at - 3 * DAY,
            state="running",
            audience=shop.next_campaign.audience,
        )

    made = given(campaign, now, contacts_at_most=2, contact_days=14)

    assert made.n_assigned == 0
    assert made.evidence["stopped_at"] == {"CONTACTS": len(shop.customers)}
    assert [one["limit"] for one in made.evidence["limits"]] == ["contacts"]
    assert given(campaign, now, contacts_at_most=3, contact_days=14).n_assigned > 0


def test_a_new_round_replaces_suggestions_and_leaves_alone_what_was_decided(shop, now, boss):
    campaign = planned(shop, now)
    given(campaign, now)
    first, second, third = OfferAssignment.objects.order_by("pk")[:3]
    decide_offers(
        assignments=OfferAssignment.objects.filter(pk__in=[first.pk, second.pk]), to="accepted", by=boss, at=now
    )
    decide_offers(assignments=OfferAssignment.objects.filter(pk=second.pk), to="issued", by=boss, at=now)
    decide_offers(
        assignments=OfferAssignment.objects.filter(pk=third.pk), to="withdrawn", by=boss, at=now, note="Not them"
    )

    made = given(campaign, now)

    kept = dict(OfferAssignment.objects.exclude(round=made).values_list("pk", "status"))
    assert kept == {first.pk: "accepted", second.pk: "issued", third.pk: "withdrawn"}
    fresh = set(OfferAssignment.objects.filter(round=made).values_list("customer_id", flat=True))
    assert fresh
    assert not fresh & {first.customer_id, second.customer_id, third.customer_id}
    assert gate_of(first.customer, campaign, now) == "HAS_ONE"
    assert gate_of(third.customer, campaign, now) == "TAKEN_BACK"
    assert OfferDecision.objects.values("round").distinct().count() == 1


def test_the_same_job_gives_out_offers_once(shop, now):
    campaign, report = planned(shop, now), JobProgress(now)

    first = assign_offers(campaign=campaign, at=now, seed=1, report=report)
    again = assign_offers(campaign=campaign, at=now, seed=1, report=report)

    assert first == again
    assert OfferRound.objects.count() == 1


def test_what_happened_later_changes_no_chance(shop, now):
    campaign = planned(shop, now)
    add_order(shop.customers[0], shop.products[0], now - timedelta(seconds=1))
    given(campaign, now)
    before = dict(OfferAssignment.objects.values_list("customer_id", "score"))

    for customer in shop.customers[:5]:
        add_order(customer, shop.products[0], campaign.starts_at + DAY, coupon=1.0)
        Redemption.objects.create(
            campaign=campaign, offer=campaign.offers.get(), customer=customer, redeemed_at=campaign.starts_at + DAY
        )
    given(campaign, now)

    assert dict(OfferAssignment.objects.values_list("customer_id", "score")) == pytest.approx(before)


def test_with_little_history_the_rate_of_the_type_serves_and_says_so(now, shop):
    for campaign in shop.campaigns[:-3]:
        campaign.state = "cancelled"
        campaign.save()
    shop.next_campaign.delete()

    made = given(planned(shop, now, n_offers=2), now)

    assert made.model_version is None
    assert made.evidence["basis"] == "type_rate"
    assert made.evidence["choice"]["basis"] == "assumed"
    assert OfferAssignment.objects.filter(has_little_history=True).count() == OfferAssignment.objects.count() > 0


def test_without_any_finished_campaign_there_is_nothing_to_go_by(now, shop):
    planned_one = planned(shop, now)
    type(planned_one).objects.exclude(pk=planned_one.pk).update(state="cancelled")

    with pytest.raises(NothingToGoBy, match="Import one"):
        given(planned_one, now)


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_a_campaign_that_ended_gives_out_nothing(shop, now, boss, state):
    campaign = planned(shop, now, state=state)

    with pytest.raises(CannotAssign, match="has ended"):
        start_assigning(campaign=campaign, policy=OfferPolicy(campaign=campaign), by=boss, at=now)


def test_asking_twice_is_one_job(shop, now, boss):
    campaign = planned(shop, now)

    jobs = {
        start_assigning(campaign=campaign, policy=OfferPolicy(campaign=campaign, pk=1), by=boss, at=now).pk
        for _ in range(2)
    }

    assert len(jobs) == 1


def test_only_what_was_decided_is_open_and_a_no_closes_it_at_once(shop, now, boss):
    campaign = planned(shop, now)
    given(campaign, now)
    customer = OfferAssignment.objects.first().customer
    mine = OfferAssignment.objects.filter(customer=customer)
    assert not open_offers(at=now).exists()

    decide_offers(assignments=mine, to="accepted", by=boss, at=now)
    assert list(open_offers(at=now)) == list(mine)
    Consent.objects.create(customer=customer, channel="email", state="revoked", source="form", at=now)
    assert open_offers(at=now).exists()

    Consent.objects.create(customer=customer, channel="mail", state="revoked", source="form", at=now)
    assert not open_offers(at=now + timedelta(seconds=1)).exists()
    assert customer_offers(customer, at=now) == []
    assert gate_of(customer, campaign, now) == "CONSENT"
    assert expire_offers(at=now) == {"n_expired": 0, "n_withdrawn": 1}
    assert mine.get().status == "withdrawn"

    # A yes that comes later counts again for the next round, because no person had taken it back.
    Consent.objects.create(customer=customer, channel="mail", state="granted", source="form", at=now + DAY)
    given(campaign, now + 2 * DAY)
    assert mine.filter(status="suggested").exists()


def test_time_ends_offers(shop, now, boss):
    campaign = planned(shop, now)
    given(campaign, now, mode="automatic")
    assert OfferAssignment.objects.filter(status="automatic").exists()
    Order.objects.filter(pk=Order.objects.latest("ordered_at").pk).update(ordered_at=campaign.ends_at)

    assert not open_offers(at=campaign.ends_at).exists()
    assert (
        expire_offers(at=campaign.ends_at)["n_expired"] == OfferAssignment.objects.filter(status="expired").count() > 0
    )
    with pytest.raises(CannotDecide, match="have ended already"):
        decide_offers(assignments=OfferAssignment.objects.all(), to="withdrawn", by=boss, at=campaign.ends_at)


@pytest.mark.parametrize("to", ["issued", "suggested", "nonsense"])
def test_a_suggestion_cannot_skip_a_step(shop, now, boss, to):
    given(planned(shop, now), now)

    with pytest.raises(CannotDecide):
        decide_offers(assignments=OfferAssignment.objects.all(), to=to, by=boss, at=now)


def test_two_records_of_one_person_keep_one_offer_of_a_campaign(shop, now, boss):
    campaign = planned(shop, now)
    given(campaign, now, mode="automatic")
    kept, gone = (one.customer for one in OfferAssignment.objects.order_by("pk")[:2])

    merge_customers(kept=kept, gone=gone, by=boss, at=now)

    assert OfferAssignment.objects.filter(customer=kept).count() == 1
    assert OfferDecision.objects.filter(customer=kept).count() == 1
    assert not OfferAssignment.objects.filter(customer=gone.pk).exists()


def test_every_gate_has_its_words():
    assert all(label and sentence for label, sentence in GATES.values())
    assert len(GATES) == 14
