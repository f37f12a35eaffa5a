import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.campaign_effect import (
    CampaignEffect,
    EffectObservation,
    fit_campaign_effect,
    observed_effect,
)

PLANTED_SD = 0.5


def planted_observations(rng, n_campaigns, sd=PLANTED_SD, mean=0.0):
    observations = []
    for _ in range(n_campaigns):
        logits = rng.normal(-2.0, 1.0, 500)
        redeemers = rng.binomial(1, expit(logits + mean + sd * rng.standard_normal())).sum()
        observations.append(observed_effect(logits, int(redeemers)))
    return observations


def test_recovers_a_planted_shift():
    rng = np.random.default_rng(3)
    logits = rng.normal(-2.0, 1.0, 20_000)
    redeemers = int(rng.binomial(1, expit(logits + 0.7)).sum())

    observed = observed_effect(logits, redeemers)

    assert observed.effect == pytest.approx(0.7, abs=3 * observed.sd)
    assert observed.sd < 0.03


def test_campaign_without_any_response_stays_finite():
    observed = observed_effect(np.full(100, -1.0), 0)

    assert -4 < observed.effect < -1
    assert np.isfinite(observed.sd)


def test_impossible_count_is_refused():
    with pytest.raises(ValueError, match="n_redeemers"):
        observed_effect(np.zeros(3), 4)


def test_recovers_the_planted_spread_and_mean():
    learnt = fit_campaign_effect(planted_observations(np.random.default_rng(4), 300, mean=-0.2))

    assert learnt.sd == pytest.approx(PLANTED_SD, abs=0.06)
    assert learnt.mean == pytest.approx(-0.2, abs=0.08)
    assert learnt.n_campaigns == 300


def test_spread_does_not_collapse_when_campaigns_agree():
    agreeing = [EffectObservation(0.0, 0.2)] * 4

    assert fit_campaign_effect(agreeing).sd > 0.1


def test_without_history_the_prior_answers():
    learnt = fit_campaign_effect([])

    assert learnt.mean == pytest.approx(0.0, abs=0.01)
    assert learnt.sd == pytest.approx(0.4, abs=0.01)


def test_draws_have_the_stated_spread_and_heavier_tails_when_campaigns_are_few():
    rng = np.random.default_rng(5)
    few = CampaignEffect(0.3, 0.5, 5).draw(200_000, rng)
    many = CampaignEffect(0.3, 0.5, 500).draw(200_000, rng)

    assert many.mean() == pytest.approx(0.3, abs=0.01)
    assert many.std() == pytest.approx(0.5, abs=0.01)
    assert np.quantile(few, 0.99) > np.quantile(many, 0.99) + 0.3
