import time

import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.campaign_effect import NO_EFFECT, CampaignEffect
from campaigns.engine.simulation import (
    LEVELS,
    METRICS,
    Assumptions,
    LogitBins,
    Plan,
    RedemptionCounts,
    simulate,
    simulate_redeemers,
)

MONEY = Assumptions(cost_per_contact=0.5, cost_per_redemption=1.0, revenue_per_redemption=10.0, margin_share=0.3)
TWICE = RedemptionCounts(np.array([1, 3]), np.array([0.5, 0.5]))


def plan(n_customers=5_000, effect=NO_EFFECT, counts=TWICE, seed=0):
    logits = np.random.default_rng(seed).normal(-2.0, 1.0, n_customers)
    return Plan(logits, effect, counts, MONEY)


def test_bins_keep_the_total_exactly():
    logits = np.random.default_rng(1).normal(-2, 2, 12_345)
    bins = LogitBins.from_logits(logits)

    assert bins.sizes.sum() == len(logits)
    assert expit(bins.centres) @ bins.sizes == pytest.approx(expit(logits).sum(), rel=1e-9)
    assert (np.diff(bins.centres) <= 0).all()


@pytest.mark.parametrize(
    ("middle", "spread", "n"),
    [(-2.5, 1.2, 2_469), (-2.5, 1.2, 50_000), (-6.0, 1.5, 50_000), (0.0, 2.0, 50_000), (-4.0, 0.05, 50_000)],
)
def test_a_campaign_effect_moves_the_bins_as_it_moves_the_customers(middle, spread, n):
    logits = np.random.default_rng(1).normal(middle, spread, n)
    bins = LogitBins.from_logits(logits)

    for effect in (-1.0, -0.3, 0.3, 1.0):
        assert expit(bins.centres + effect) @ bins.sizes == pytest.approx(expit(logits + effect).sum(), rel=1e-3)


def test_bins_are_narrow_in_people_and_in_chances():
    logits = np.concatenate([np.full(9_000, -4.0), np.random.default_rng(1).normal(0, 1, 1_000)])
    bins = LogitBins.from_logits(logits, 40)

    assert len(bins.sizes) <= 40
    assert bins.sizes.max() <= 10_000 * 2 / 40
    assert np.abs(np.diff(expit(bins.centres))).max() <= 2 * (expit(logits).max() - expit(logits).min()) * 2 / 40
    assert LogitBins.from_logits(np.zeros(3), 40).sizes.sum() == 3


def test_bins_of_one_size_are_of_one_size():
    sizes = LogitBins.equally_sized(np.random.default_rng(1).normal(-2, 2, 1_001), 50).sizes

    assert (len(sizes), sizes.min(), sizes.max()) == (50, 20, 21)


def test_redeemers_alone_are_those_of_the_whole_forecast():
    planned = plan(effect=CampaignEffect(0.0, 0.4, 20))

    assert (
        simulate_redeemers(planned, np.random.default_rng(3))
        == simulate(planned, np.random.default_rng(3))["redeemers"]
    )


def test_redemptions_by_depth_rise_and_end_where_those_of_everybody_do():
    redeemers = np.random.default_rng(1).binomial(50, 0.3, (40, 4_000))
    by_depth = TWICE.totals_by_depth(redeemers, np.random.default_rng(2))
    whole = TWICE.total(redeemers.sum(axis=0), np.random.default_rng(3))

    assert (by_depth >= np.cumsum(redeemers, axis=0)).all()
    assert (np.diff(by_depth, axis=0) >= 0).all()
    assert by_depth[-1].mean() == pytest.approx(whole.mean(), rel=0.01)
    assert by_depth[-1].std() == pytest.approx(whole.std(), rel=0.05)


def test_coins_alone_fall_as_often_with_either_way_of_drawing():
    bins = LogitBins.from_logits(np.random.default_rng(1).normal(-2, 1, 3_000))
    tossed = bins.tosses(20_000, np.random.default_rng(2))
    drawn = bins.responses(np.zeros(20_000), np.random.default_rng(3)).sum(axis=0)

    assert tossed.mean() == pytest.approx(expit(bins.centres) @ bins.sizes, rel=0.002)
    assert tossed.std() == pytest.approx(drawn.std(), rel=0.03)


def test_mean_is_the_sum_of_chances_and_levels_are_nested():
    planned = plan()
    forecast = simulate(planned, np.random.default_rng(2))

    redeemers = forecast["redeemers"]
    assert redeemers.mean == pytest.approx(expit(planned.logits).sum(), rel=0.01)
    assert forecast["redemptions"].mean == pytest.approx(2 * redeemers.mean, rel=0.03)
    for metric in METRICS:
        widths = [forecast[metric].interval(level).high - forecast[metric].interval(level).low for level in LEVELS]
        assert widths == sorted(widths)
        assert forecast[metric].interval(0.5).low <= forecast[metric].mid <= forecast[metric].interval(0.5).high


def test_campaign_effect_widens_the_interval_and_the_coin_toss_stays_beside_it():
    honest = simulate(plan(effect=CampaignEffect(0.0, 0.4, 20)), np.random.default_rng(3))

    wide, narrow = honest["redeemers"].interval(0.9), honest.coin_toss_redeemers.interval(0.9)
    assert wide.high - wide.low > 4 * (narrow.high - narrow.low)


def test_money_follows_from_the_counts():
    forecast = simulate(plan(n_customers=1_000), np.random.default_rng(4))

    redemptions = forecast["redemptions"].mean
    assert forecast["reach"].mid == 1_000
    assert forecast["revenue"].mean == pytest.approx(10 * redemptions)
    assert forecast["discount_cost"].mean == pytest.approx(redemptions)
    assert forecast["contact_cost"].mean == pytest.approx(500)
    assert forecast["profit"].mean == pytest.approx(0.3 * 10 * redemptions - redemptions - 500)


def test_units_and_points_follow_from_the_counts_and_points_are_not_paid_twice():
    with_points = Assumptions(0.5, 1.0, 10.0, 0.3, units_per_redemption=2.5, points_share=0.25)
    planned = Plan(plan().logits, NO_EFFECT, TWICE, with_points)
    forecast, without = simulate(planned, np.random.default_rng(4)), simulate(plan(), np.random.default_rng(4))

    assert forecast["units"].mean == pytest.approx(2.5 * forecast["redemptions"].mean)
    assert forecast["points_liability"].mean == pytest.approx(0.25 * forecast["discount_cost"].mean)
    assert forecast["profit"] == without["profit"]
    assert without["points_liability"].mid == 0


def test_same_seed_same_forecast():
    first = simulate(plan(), np.random.default_rng(5))

    assert simulate(plan(), np.random.default_rng(5)) == first


def test_million_customers_take_less_than_two_seconds():
    big = plan(n_customers=1_000_000, effect=CampaignEffect(0.0, 0.4, 20))

    started = time.process_time()
    forecast = simulate(big, np.random.default_rng(6))

    assert time.process_time() - started < 2.0
    assert forecast["reach"].mid == 1_000_000


def test_redeemers_redeem_at_least_once():
    counts = RedemptionCounts.from_redeemers(np.array([1, 1, 2, 5]))
    redeemers = np.array([0, 1, 40])

    assert (counts.total(redeemers, np.random.default_rng(7)) >= redeemers).all()
    assert counts.mean == pytest.approx(9 / 4)


def test_recent_redeemers_can_weigh_more():
    counts = RedemptionCounts.from_redeemers(np.array([1, 3]), np.array([1.0, 3.0]))

    assert counts.mean == pytest.approx(2.5)


def test_impossible_plans_are_refused():
    with pytest.raises(ValueError, match="without customers"):
        Plan(np.array([]), NO_EFFECT, TWICE, MONEY)
    with pytest.raises(ValueError, match="finite"):
        Plan(np.array([np.nan]), NO_EFFECT, TWICE, MONEY)
    with pytest.raises(ValueError, match="margin_share"):
        Assumptions(0, 0, 1, 1.2)
    with pytest.raises(ValueError, match="negative"):
        Assumptions(-1, 0, 1, 0.2)
    with pytest.raises(ValueError, match="points_share"):
        Assumptions(0, 0, 1, 0.2, 1, 1.1)
    with pytest.raises(ValueError, match="at least once"):
        RedemptionCounts.from_redeemers(np.array([0, 1]))
