from dataclasses import replace

import numpy as np
import pytest
from django.db import transaction
from django.test import override_settings

from campaigns.engine.audience.gates import Stop
from campaigns.engine.audience.lookalikes import NothingInCommon, TooFewSeeds
from campaigns.models import Audience, AudienceMember, Campaign, Holdout
from campaigns.services.audience_seeds import likeness_features
from campaigns.services.audiences import AudienceEmpty, build_audience, choose
from campaigns.services.learning import learn_reception
from campaigns.services.rebuilding import CannotRebuild, rebuild_audience
from campaigns.services.scoring import score_customers
from loyalty.models import Consent, Customer
from loyalty.queries.features import feature_list
from loyalty.services.progress import QuietProgress
from segments.models import Segment, SegmentMembership
from tests.campaigns.shop import DAY, OPENED, add_campaign, open_shop

pytestmark = pytest.mark.django_db
ALL = {"kind": "everybody"}
MONEY = {"cost_per_contact": "0.10", "margin_share": "0.9"}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """A shop and everybody scored for its next campaign: learning takes seconds, so once for all of them."""
    with django_db_blocker.unblock(), override_settings(ARTEFACT_DIR=tmp_path_factory.mktemp("artefacts")):
        whole = transaction.atomic()
        whole.__enter__()
        shop = open_shop()
        starts_at = shop.next_campaign.ends_at + 2 * DAY
        campaign = add_campaign("Next", shop.products[0], starts_at=starts_at, **MONEY)
        campaign.refresh_from_db()
        learnt = learn_reception(as_of=starts_at, at=starts_at, seed=3, report=QuietProgress())
        yield shop, score_customers(campaign=campaign, as_of=starts_at, learnt=learnt)
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture
def shop(world):
    return world[0]


@pytest.fixture
def scored(world):
    return world[1]


def sent_beside(scored, customers, **days):
    audience = Audience.objects.create(name="Beside", kind="imported", as_of=OPENED, created_at=OPENED)
    AudienceMember.objects.bulk_create(AudienceMember(audience=audience, customer=one) for one in customers)
    starts_at = scored.campaign.starts_at + days.get("after", 5) * DAY
    return Campaign.objects.create(
        name="Beside", type="Type A", currency="USD", created_at=OPENED, starts_at=starts_at,
        ends_at=starts_at + 10 * DAY, state=Campaign.State.SCHEDULED, audience=audience,
    )  # fmt: skip


def segment_of(customers):
    segment = Segment.objects.create(kind="imported", name="Named", created_at=OPENED)
    SegmentMembership.objects.bulk_create(
        SegmentMembership(segment=segment, customer=one, valid_from=OPENED) for one in customers
    )
    return segment


def chosen_ids(scored, choice):
    return set(scored.customers.customer_ids[choice.rows].tolist())


def fell_at(scored, choice, stop):
    return set(scored.customers.customer_ids[choice.stops == stop].tolist())


class TestGates:
    def test_each_customer_falls_at_the_first_gate_that_is_closed(self, shop, scored):
        refused, held_out, beside, left_out = (shop.customers[n * 10 : n * 10 + 10] for n in range(4))
        for one in [*refused, held_out[0]]:
            Consent.objects.create(customer=one, channel="mail", state="denied", source="form", at=OPENED)
        Holdout.objects.bulk_create(Holdout(campaign=scored.campaign, customer=one) for one in held_out)
        sent_beside(scored, [*held_out, *beside])
        rule = {**ALL, "leave_out_running": True, "leave_out_segments": [segment_of([*beside, *left_out]).pk]}

        choice = choose(scored, rule)

        assert fell_at(scored, choice, Stop.CONSENT) == {one.pk for one in [*refused, held_out[0]]}
        assert fell_at(scored, choice, Stop.HELD_OUT) == {one.pk for one in held_out[1:]}
        assert fell_at(scored, choice, Stop.OTHER_CAMPAIGN) == {one.pk for one in beside}
        assert fell_at(scored, choice, Stop.EXCLUDED) == {one.pk for one in left_out}
        assert chosen_ids(scored, choice) == {one.pk for one in shop.customers[40:]}
        steps = [(step["stop"], step["out"], step["left"]) for step in choice.found["waterfall"]]
        assert steps == [("CONSENT", 11, 109), ("HELD_OUT", 9, 100), ("OTHER_CAMPAIGN", 10, 90), ("EXCLUDED", 10, 80)]

    def test_another_campaign_counts_only_where_asked_and_where_its_days_meet(self, shop, scored):
        sent_beside(scored, shop.customers[:10])

        assert len(choose(scored, ALL).rows) == 120
        assert len(choose(scored, {**ALL, "leave_out_running": True}).rows) == 110

        Campaign.objects.filter(name="Beside").update(
            starts_at=scored.campaign.ends_at, ends_at=scored.campaign.ends_at + DAY
        )
        assert len(choose(scored, {**ALL, "leave_out_running": True}).rows) == 120

    def test_contacts_are_capped_over_the_days_named(self, shop, scored):
        """Everybody got the campaign that began 23 days before."""
        sent_beside(scored, shop.customers[:10])
        sent_beside(scored, shop.customers[:5], after=6)

        def fallen(most, days=30):
            choice = choose(scored, {**ALL, "contacts_at_most": most, "contact_days": days})
            return fell_at(scored, choice, Stop.CONTACTS)

        assert fallen(2) == {one.pk for one in shop.customers[:10]}
        assert fallen(3) == {one.pk for one in shop.customers[:5]}
        assert fallen(1, days=10) == {one.pk for one in shop.customers[:10]}
        with pytest.raises(AudienceEmpty, match="as many campaigns as you allow"):
            fallen(1)

    def test_the_cut_is_made_among_those_who_may_be_written_to(self, shop, scored):
        """Leaving out the keen ones must not leave their profit in the advice."""
        everybody = choose(scored, {"kind": "best"})
        without = choose(scored, {"kind": "best", "leave_out_segments": [segment_of(shop.customers[:40]).pk]})

        assert len(without.allowed) == 80
        assert without.cut.profit < everybody.cut.profit
        assert chosen_ids(scored, without).isdisjoint(shop.keen_ids)

    def test_nobody_left_says_which_gate_to_open(self, shop, scored):
        with pytest.raises(AudienceEmpty, match="in a segment that you leave out"):
            choose(scored, {**ALL, "leave_out_segments": [segment_of(shop.customers).pk]})


class TestFindings:
    def test_the_keen_ones_are_found_and_said_in_words(self, shop, scored):
        choice = choose(scored, {"kind": "best", "n": 40})

        assert len(chosen_ids(scored, choice) & shop.keen_ids) >= 38
        apart = {fact["label"]: fact for fact in choice.found["apart"]}
        assert apart["Orders with a coupon"]["low"] > 0
        said = " ".join(word for rule in choice.found["description"]["rules"] for word in rule["words"])
        assert "coupon" in said or "campaigns" in said or "offer" in said

    def test_traits_are_audited_with_the_unknown_as_a_group_of_their_own(self, shop, scored):
        Customer.objects.filter(pk__in=[one.pk for one in shop.customers[:40]]).update(age_group="19-24")
        Customer.objects.filter(pk__in=[one.pk for one in shop.customers[40:80]]).update(age_group="65+")

        groups = {one["value"]: one for one in choose(scored, {"kind": "best", "n": 40}).found["fairness"]["age_group"]}

        assert groups["65+"]["is_flagged"]
        assert groups[""]["n"] == 40
        assert not groups["19-24"]["is_flagged"]

    def test_equal_shares_reach_every_kind_alike_and_say_what_they_cost(self, shop, scored):
        Customer.objects.filter(pk__in=[one.pk for one in shop.customers[:40]]).update(age_group="19-24")
        Customer.objects.filter(pk__in=[one.pk for one in shop.customers[40:]]).update(age_group="65+")

        choice = choose(scored, {"kind": "best", "n": 60, "equal_by": "age_group"})

        assert {one["n_chosen"] for one in choice.found["fairness"]["age_group"]} == {20, 40}
        assert not any(one["is_flagged"] for one in choice.found["fairness"]["age_group"])
        assert choice.found["equal"]["cost"] > 0
        assert choice.name == "The 60 people most likely to take it, in equal shares by age"


class TestLookAlikes:
    def test_the_other_keen_ones_are_found_from_a_list_of_some(self, shop, scored):
        seeds = [one.external_id for one in shop.customers[:30]]

        choice = choose(scored, {"kind": "lookalike", "seed_customers": [*seeds, "nobody"], "n": 10})

        found = chosen_ids(scored, choice)
        assert found == {one.pk for one in shop.customers[30:40]}
        assert choice.found["alike"]["n_unknown"] == 1
        assert choice.found["alike"]["n_seeds"] == 30

    def test_a_list_of_anybody_is_refused(self, shop, scored):
        anybody = [one.external_id for one in shop.customers[::3]]

        with pytest.raises(NothingInCommon):
            choose(scored, {"kind": "lookalike", "seed_customers": anybody})

    def test_a_segment_of_few_is_refused(self, shop, scored):
        with pytest.raises(TooFewSeeds):
            choose(scored, {"kind": "lookalike", "seed_segment_id": segment_of(shop.customers[:5]).pk})

    def test_no_trait_of_the_person_is_compared_by_unless_somebody_says_why(self, scored):
        features = feature_list(as_of=scored.as_of)

        by_default = likeness_features(features, with_traits=False)
        with_a_reason = likeness_features(features, with_traits=True)

        assert by_default
        assert not any(one.is_protected for one in by_default)
        assert {one.name for one in with_a_reason if one.is_protected} >= {"age_group", "gender", "income_band"}
        assert not set(scored.customers.names) & {one.name for one in features if one.is_protected}


class TestRebuilding:
    @pytest.mark.parametrize("rule", [{"kind": "best"}, {"kind": "lookalike", "n": 10}], ids=["best", "lookalike"])
    def test_the_same_list_comes_out_of_seed_and_version(self, shop, scored, rule):
        rule = {**rule, "seed_customers": [one.external_id for one in shop.customers[:30]]}
        audience = build_audience(choose(scored, rule, seed=5), scored, at=scored.as_of, seed=5, job_id=None)

        compared = rebuild_audience(audience=audience, report=QuietProgress())

        assert compared.is_same
        assert compared.n_frozen == compared.n_rebuilt == compared.n_in_both > 0

    def test_a_change_behind_it_is_told(self, shop, scored):
        audience = build_audience(choose(scored, ALL, seed=5), scored, at=scored.as_of, seed=5, job_id=None)
        Consent.objects.create(
            customer=shop.customers[0], channel="mail", state="denied", source="form", at=scored.as_of - DAY
        )

        compared = rebuild_audience(audience=audience, report=QuietProgress())

        assert not compared.is_same
        assert (compared.n_frozen, compared.n_rebuilt, compared.n_in_both) == (120, 119, 119)

    def test_what_was_not_made_here_cannot_be_built_again(self, shop):
        with pytest.raises(CannotRebuild):
            rebuild_audience(audience=shop.campaigns[0].audience, report=QuietProgress())


def test_scores_have_intervals_around_them_and_reasons(shop, scored):
    audience = build_audience(choose(scored, ALL, seed=5), scored, at=scored.as_of, seed=5, job_id=None)

    members = list(audience.members.all())
    assert all(one.score_low <= one.score <= one.score_high and one.reason for one in members)
    assert [one.position for one in members] == list(range(1, 121))


def test_traits_never_enter_the_scores(shop, scored):
    before = scored.logits.copy()
    Customer.objects.update(age_group="19-24", gender="f", income_band="high", location="North")

    again = score_customers(campaign=scored.campaign, as_of=scored.as_of, learnt=scored.learnt)

    np.testing.assert_array_equal(again.logits, before)
    assert replace(again, logits=before).customers.names == scored.customers.names
