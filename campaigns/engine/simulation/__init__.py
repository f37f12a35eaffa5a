"""Simulating how a campaign would be received, before it is sent.

One campaign effect is drawn for each simulated campaign and shared by all its customers; then customers
respond, redeem and bring money. Counts are back-tested; money is a stated assumption times such a count.
"""

from campaigns.engine.simulation.bins import N_BINS, LogitBins
from campaigns.engine.simulation.counts import CAMPAIGN_JITTER_SD, RedemptionCounts
from campaigns.engine.simulation.days import DailyCounts, daily_counts
from campaigns.engine.simulation.figures import LEVELS, Interval, MetricForecast
from campaigns.engine.simulation.money import Assumptions, money
from campaigns.engine.simulation.plan import METRICS, N_DRAWS, Forecast, Plan, simulate, simulate_redeemers
from campaigns.engine.simulation.streams import stream

__all__ = [
    "CAMPAIGN_JITTER_SD",
    "LEVELS",
    "METRICS",
    "N_BINS",
    "N_DRAWS",
    "Assumptions",
    "DailyCounts",
    "Forecast",
    "Interval",
    "LogitBins",
    "MetricForecast",
    "Plan",
    "RedemptionCounts",
    "daily_counts",
    "money",
    "simulate",
    "simulate_redeemers",
    "stream",
]
