"""How a new product would be received: buyers, pieces and revenue with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from campaigns.engine.launches.totals import LaunchEffect
from campaigns.engine.simulation import N_DRAWS, MetricForecast, RedemptionCounts, stream

METRICS = ("buyers", "units", "revenue")


@dataclass(frozen=True)
class LaunchForecast:
    """One forecast.

    Attributes
    ----------
    figures : mapping of str to MetricForecast
        By name in ``METRICS``.
    coin_toss : MetricForecast
        Buyers if customers alone decided: too narrow, kept only for comparison.
    """

    figures: Mapping[str, MetricForecast]
    coin_toss: MetricForecast


def simulate_launch(
    expected: float, effect: LaunchEffect, counts: RedemptionCounts, *, price: float, n_customers: int, seed: int
) -> LaunchForecast:
    """Launch it many times.

    Parameters
    ----------
    expected : float
        Mean number of buyers, before the launch effect.
    effect : LaunchEffect
    counts : RedemptionCounts
        Pieces a buyer takes.
    price : float
        Of a piece: an assumption.
    n_customers : int
        More than all of them cannot buy.
    seed : int
    """
    buyers = np.minimum(effect.draw(expected, N_DRAWS, stream(seed, "launch: buyers")), n_customers)
    units = counts.total(buyers, stream(seed, "launch: units"))
    tossed = np.minimum(effect.coin_toss.draw(expected, N_DRAWS, stream(seed, "launch: coin toss")), n_customers)
    draws = {"buyers": buyers, "units": units, "revenue": units * price}
    return LaunchForecast(
        {metric: MetricForecast.from_draws(metric, draws[metric]) for metric in METRICS},
        MetricForecast.from_draws("buyers", tossed),
    )
