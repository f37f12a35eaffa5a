"""Whom to send an offer to: who may be, how deep it pays to go, who they are, and whether anybody is left behind."""

from campaigns.engine.audience.depth import (
    Advice,
    Cut,
    ProfitCurve,
    break_even,
    expected_profit,
    profit_curve,
    rank,
    recommend_cut,
)

__all__ = [
    "Advice",
    "Cut",
    "ProfitCurve",
    "break_even",
    "expected_profit",
    "profit_curve",
    "rank",
    "recommend_cut",
]
