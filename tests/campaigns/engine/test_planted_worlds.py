"""Do intervals hold as often as they say? In worlds whose campaigns stray from what is expected by a known spread.

Removing the campaign effect from the same forecasts must make the same check fail.
"""

import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.campaign_effect import CampaignEffect, fit_campaign_effect, observed_effect
from campaigns.engine.frames import FloatArray
from campaigns.engine.reception import RidgeLogistic
from campaigns.engine.rolling import rolling_forecasts
from campaigns.engine.simulation import LEVELS, Assumptions, Plan, RedemptionCounts, simulate, stream
from tests.worlds import campaign_world

N_WORLDS, N_PAST, N_NEXT = 200, 20, 3
SPREADS = (0.2, 0.3, 0.4, 0.5)
FREE = Assumptions(0, 0, 0, 0)
ONCE = RedemptionCounts(np.array([1]), np.array([1.0]))
# One more or less of 200 is half a point; chance alone moves the half by three and a half.
TOLERANCE = 0.05


def sent(rng: np.random.Generator, spread: float) -> tuple[FloatArray, int]:
    """Everybody's true log-odds but for the campaign's effect, and how many took it."""
    logits = rng.normal(-2.2, 1.0, int(rng.integers(150, 1500)))
    chances = expit(logits + spread * rng.standard_normal())
    return logits, int((rng.random(len(logits)) < chances).sum())


def learnt(past: list[tuple[FloatArray, int]]) -> CampaignEffect:
    return fit_campaign_effect([observed_effect(logits, taken) for logits, taken in past])


def held(logits: FloatArray, taken: int, effect: CampaignEffect, rng: np.random.Generator) -> list[list[bool]]:
    """Whether the interval at each level holds what happened: with the effect, and if customers were only coins."""
    forecast = simulate(Plan(logits, effect, ONCE, FREE, n_draws=500), rng)
    both = (forecast["redeemers"], forecast.coin_toss_redeemers)
    return [[one.low <= taken <= one.high for one in map(figure.interval, LEVELS)] for figure in both]


def shares(found: list[list[list[bool]]]) -> tuple[dict[float, float], dict[float, float]]:
    """How often each interval held, with the campaign effect and without it."""
    ours, tossed = np.mean(found, axis=0).tolist()
    return dict(zip(LEVELS, ours, strict=True)), dict(zip(LEVELS, tossed, strict=True))


def misses(found: dict[float, float]) -> dict[float, float]:
    return {level: share for level, share in found.items() if abs(share - level) > TOLERANCE}


def test_intervals_hold_as_often_as_they_say_and_without_the_campaign_effect_they_do_not():
    found = []
    for number in range(N_WORLDS):
        rng, spread = stream(7, "world", number), SPREADS[number % len(SPREADS)]
        effect = learnt([sent(rng, spread) for _ in range(N_PAST)])
        found += [held(*sent(rng, spread), effect, rng) for _ in range(N_NEXT)]
    ours, tossed = shares(found)

    assert misses(ours) == {}
    assert ours[0.9] == pytest.approx(0.9, abs=0.02), "of 600 campaigns 88 to 92 in a hundred"
    assert set(misses(tossed)) == set(LEVELS)
    assert tossed[0.9] < 0.7


def test_so_they_do_with_a_model_that_had_to_be_learnt_as_well():
    """The whole way: the last campaign, by a model and an effect of those that had closed before it."""
    found = []
    for number in range(N_WORLDS):
        rng = stream(8, "world", number)
        frame = campaign_world(rng, n_campaigns=13, n_customers=250, effect_sd=SPREADS[number % len(SPREADS)])
        last = rolling_forecasts(frame, RidgeLogistic)[-1]
        found.append(held(last.logits, last.n_redeemers, last.effect, rng))
    ours, tossed = shares(found)

    assert misses(ours) == {}
    assert set(misses(tossed)) == set(LEVELS)
