"""How long the simulation itself takes, beside a bare loop of NumPy that tosses a coin for every customer.

The loop knows no campaign effect, no redemptions, no money and no intervals: it only counts heads.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.simulation import N_DRAWS, Assumptions, Plan, RedemptionCounts, simulate, stream
from campaigns.management.benchmarks.measuring import Measurement, watched

# As many households as The Complete Journey has.
DEMO, MILLION = 2_469, 1_000_000
# The loop draws a million at a time; each draw costs the same, so it is measured on a part of them.
DRAWS_OF_A_MILLION = 40
N_TURNS = 5
EFFECT = CampaignEffect(0.0, 0.4, 20)
COUNTS = RedemptionCounts(np.array([1, 2, 3, 6]), np.array([0.4, 0.3, 0.2, 0.1]))
MONEY = Assumptions(0.1, 1.0, 10.0, 0.3)


def simulate_demo() -> list[Measurement]:
    """A shop of the demo's size, simulated 4,000 times."""
    return [_simulated("simulate_demo", DEMO, N_DRAWS)]


def simulate_million() -> list[Measurement]:
    """A million customers, simulated 4,000 times."""
    return [_simulated("simulate_million", MILLION, DRAWS_OF_A_MILLION)]


def _simulated(name: str, n_customers: int, n_peer_draws: int) -> Measurement:
    logits = stream(1, "bench").normal(-2.5, 1.2, n_customers)
    plan = Plan(logits, EFFECT, COUNTS, MONEY)
    chances = expit(logits)
    with watched() as watch:
        own = _median_ms(lambda: simulate(plan, stream(2, "bench")))
    bare = _median_ms(lambda: _bare(chances, n_peer_draws)) * N_DRAWS / n_peer_draws
    measured = "" if n_peer_draws == N_DRAWS else f", by {n_peer_draws} of them"
    peer = f"a bare loop of NumPy, {N_DRAWS:,} tosses of every coin{measured}: {bare:,.0f} ms"
    return Measurement(name, round(own, 1), "ms", peer, round(own / bare, 4), watch.peak_mb, watch.own_mb)


def _bare(chances: NDArray[np.float64], n_draws: int) -> list[int]:
    rng = stream(3, "bench")
    return [int(np.count_nonzero(rng.random(len(chances)) < chances)) for _ in range(n_draws)]


def _median_ms(work: Callable[[], object]) -> float:
    """The median of a few turns: others share the machine."""
    taken = []
    for _ in range(N_TURNS):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return float(np.median(taken))
