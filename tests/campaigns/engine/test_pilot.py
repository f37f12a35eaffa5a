from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.pilot import PilotResult, after_pilot, plan_pilot, prior_of
from campaigns.engine.scenarios import count_draws
from campaigns.engine.simulation import LogitBins, RedemptionCounts

EFFECT = CampaignEffect(0.0, 0.5, 40)
ONCE = RedemptionCounts(np.array([1]), np.array([1.0]))


def audience(n=20_000, seed=0, middle=-0.8):
    return LogitBins.from_logits(np.random.default_rng(seed).normal(middle, 0.8, n), 40)


@cache
def pilots_of_100(n_worlds=300):
    """Errors and 90 % intervals of the whole campaign before and after a pilot, on worlds whose spread is known."""
    rng, bins, prior = np.random.default_rng(5), audience(), prior_of(EFFECT)
    told = []
    for _ in range(n_worlds):
        chances = expit(bins.centres + EFFECT.draw(1, rng)[0])
        actual = rng.binomial(bins.sizes, chances).sum()
        took = rng.binomial(100, chances @ bins.sizes / bins.sizes.sum())
        after = after_pilot(prior, bins, PilotResult(100, int(took)))
        pair = [count_draws(bins, effect, ONCE, rng, 800).redeemers for effect in (EFFECT, after)]
        told.append([(abs(np.median(d) - actual), *np.quantile(d, [0.05, 0.95]), actual) for d in pair])
    return np.array(told)


def test_a_pilot_of_a_hundred_cuts_the_error_and_halves_the_interval():
    told = pilots_of_100()
    errors, widths = told[:, :, 0].mean(axis=0), (told[:, :, 2] - told[:, :, 1]).mean(axis=0)
    held = ((told[:, :, 1] <= told[:, :, 3]) & (told[:, :, 3] <= told[:, :, 2])).mean(axis=0)

    assert errors[1] <= 0.6 * errors[0]
    assert widths[1] <= 0.55 * widths[0]
    assert held == pytest.approx([0.9, 0.9], abs=0.05)


def test_the_grid_before_a_pilot_is_what_the_effect_draws_from():
    drawn = EFFECT.draw(200_000, np.random.default_rng(1))
    prior = prior_of(EFFECT)
    again = prior.draw(200_000, np.random.default_rng(2))

    tails = [0.05, 0.25, 0.5, 0.75, 0.95]
    assert np.quantile(again, tails) == pytest.approx(np.quantile(drawn, tails), abs=0.01)
    assert prior.mean == pytest.approx(EFFECT.mean, abs=1e-9)


def test_more_takers_than_expected_raise_the_effect_and_a_larger_pilot_is_surer():
    bins, prior = audience(), prior_of(EFFECT)
    small, large = (after_pilot(prior, bins, PilotResult(n, n // 2)) for n in (60, 600))

    assert 0 < small.mean < large.mean
    assert large.sd < small.sd < prior.sd


def test_takers_who_are_not_due_yet_are_not_held_against_the_campaign():
    bins, prior = audience(), prior_of(EFFECT)
    expected = float(expit(bins.centres) @ bins.sizes / bins.sizes.sum())
    half = round(1_000 * expected / 2)

    assert after_pilot(prior, bins, PilotResult(1_000, half, share_due=0.5)).mean == pytest.approx(0.0, abs=0.03)
    assert after_pilot(prior, bins, PilotResult(1_000, half)).mean < -0.5


def test_the_suggested_pilot_halves_the_interval_and_larger_ones_do_no_worse():
    plan = plan_pilot(EFFECT, audience(), np.random.default_rng(2))
    shares = [size.width_share for size in plan.sizes]

    assert 50 <= plan.halving.n <= 150
    assert plan.halving.width_share <= 0.5
    assert all(later < earlier + 0.03 for earlier, later in pairwise(shares))


def test_the_pilot_of_the_suggested_size_does_what_was_promised():
    """Held against worlds drawn afresh, not against the simulation that suggested it."""
    plan = plan_pilot(EFFECT, audience(), np.random.default_rng(2), sizes=(100,))
    told = pilots_of_100()
    widths = (told[:, :, 2] - told[:, :, 1]).mean(axis=0)

    assert plan.sizes[0].width_share == pytest.approx(widths[1] / widths[0], abs=0.06)


def test_an_audience_too_small_to_part_gets_no_suggestion():
    assert plan_pilot(EFFECT, audience(n=40), np.random.default_rng(2)).halving is None


@pytest.mark.parametrize(("sent", "took", "due"), [(0, 0, 1.0), (10, 11, 1.0), (10, -1, 1.0), (10, 1, 0.0)])
def test_what_cannot_be_true_is_refused(sent, took, due):
    with pytest.raises(ValueError, match=r"must lie|at least one"):
        PilotResult(sent, took, due)
