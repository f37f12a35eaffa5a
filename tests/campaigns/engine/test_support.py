import numpy as np
import pytest

from campaigns.engine.campaign_effect import CampaignEffect, fit_campaign_effect, observed_effect
from campaigns.engine.scenarios import count_draws
from campaigns.engine.simulation import LogitBins, RedemptionCounts
from campaigns.engine.support import NO_EXPERIENCE_BELOW, Shape, inexperienced, support_of

PAST = [
    Shape("A", "mail", n, days, frozenset({"percent_off"}), percent, categories=frozenset({1, 2, 3}))
    for n, days, percent in [(300, 28, 10.0), (500, 30, 20.0), (800, 35, 15.0)]
]
ONCE = RedemptionCounts(np.array([1]), np.array([1.0]))


def plan(**values):
    return Shape(**{"kind": "A", "channel": "mail", "n_customers": 600, "days": 30, **values})


def outside(shape, share=0.0):
    return [finding.dimension for finding in support_of(shape, PAST, share).outside]


def test_a_plan_like_those_before_is_inside_everywhere_and_leaves_the_interval_alone():
    like = plan(mechanics=frozenset({"percent_off"}), percent=15.0, categories=frozenset({2}))
    effect = CampaignEffect(0.1, 0.4, 9)

    assert outside(like) == []
    assert len(support_of(like, PAST, 0.0).findings) == 8
    assert support_of(like, PAST, 0.0).widen(effect) == effect


@pytest.mark.parametrize(
    ("values", "dimension"),
    [
        ({"kind": "B"}, "type"),
        ({"channel": "sms"}, "channel"),
        ({"mechanics": frozenset({"points"})}, "mechanic"),
        ({"percent": 50.0}, "benefit"),
        ({"n_customers": 5_000}, "size"),
        ({"days": 7}, "dates"),
        ({"categories": frozenset({3, 8, 9})}, "products"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_way_of_being_unlike_is_named_and_widens(values, dimension):
    found = support_of(plan(**values), PAST, 0.0)

    assert [finding.dimension for finding in found.outside] == [dimension]
    assert found.widen(CampaignEffect(0.0, 0.3, 9)).sd > 0.45


def test_customers_hardly_ever_written_to_are_named():
    assert outside(plan(), share=0.6) == ["customers"]
    assert "60%" in support_of(plan(), PAST, 0.6).outside[0].sentence


def test_a_benefit_that_was_never_said_before_cannot_be_placed_and_is_no_alarm():
    unsaid = [Shape("A", "mail", 300, 28, frozenset({"coupon"}))] * 3
    found = support_of(plan(percent=90.0, n_customers=300), unsaid, 0.0)

    assert found.outside == ()
    assert "not known" in next(f.sentence for f in found.findings if f.dimension == "benefit")


def test_several_ways_add_up_in_variances():
    both = support_of(plan(kind="B", days=5), PAST, 0.0)

    assert both.extra_sd == pytest.approx(np.hypot(0.8, 0.4))


def test_without_a_past_there_is_nothing_to_hold_a_plan_against():
    with pytest.raises(ValueError, match="nothing has been sent"):
        support_of(plan(), [], 0.0)


def test_a_group_never_written_to_is_found_by_its_habits_and_nobody_else():
    rng = np.random.default_rng(4)
    spend = np.concatenate([rng.gamma(2, 3, 600), rng.gamma(4, 300, 600)])
    received = np.concatenate([np.zeros(600), rng.binomial(12, 0.5, 600)]).astype(float)
    chances = inexperienced(spend[:, None], received, 12, rng)

    assert (chances[:600] < NO_EXPERIENCE_BELOW).mean() > 0.75
    assert (chances[600:] < NO_EXPERIENCE_BELOW).mean() < 0.05


def test_where_everybody_was_written_to_as_often_nobody_is_without_experience():
    values = np.random.default_rng(1).gamma(2, 10, (500, 2))

    assert (inexperienced(values, np.full(500, 12.0), 12, np.random.default_rng(2)) == 1.0).all()
    assert inexperienced(values, np.full(500, 6.0), 12, np.random.default_rng(2)) == pytest.approx(0.5, abs=0.02)


def type_worlds(rng, n_worlds, between_sd):
    """Campaigns of four types that differ by more than campaigns of one type do; the last type is held back."""
    bins = LogitBins.from_logits(rng.normal(-1.5, 0.8, 1_500), 20)
    for _ in range(n_worlds):
        types = between_sd * rng.standard_normal(4)
        effects = types[np.arange(20) % 4] + 0.25 * rng.standard_normal(20)
        yield bins, effects, [int(bins.responses(np.array([effect]), rng).sum()) for effect in effects]


def covered(rng, *, widened):
    held = []
    for bins, _, came in type_worlds(rng, 120, 0.8):
        logits = np.repeat(bins.centres, bins.sizes)
        # A model that knows the types it has seen has their effect in its logits: what is left is each one's mean.
        seen = [observed_effect(logits, came[row]) for row in range(20) if row % 4 != 3]
        middle = float(np.mean([one.effect for one in seen]))
        by_type = [np.mean([one.effect for one in seen[place::3]]) for place in range(3)]
        left = [type(one)(one.effect - by_type[row % 3], one.sd) for row, one in enumerate(seen)]
        effect = fit_campaign_effect(left)
        effect = CampaignEffect(middle, effect.sd, effect.n_campaigns)
        found = support_of(plan(kind="never seen"), PAST, 0.0)
        draws = count_draws(bins, found.widen(effect) if widened else effect, ONCE, rng, 500).redeemers
        low, high = np.quantile(draws, [0.05, 0.95])
        held.append(low <= came[3] <= high)
    return float(np.mean(held))


def test_an_offer_of_a_type_never_seen_is_covered_and_without_widening_it_is_not():
    assert covered(np.random.default_rng(11), widened=True) >= 0.8
    assert covered(np.random.default_rng(11), widened=False) < 0.7
