"""The curves of a simulation, as plain numbers: profit by depth, reception over days, segments, reasons."""

from typing import Any

import numpy as np

from campaigns.engine.audience import profit_curve
from campaigns.engine.frames import FloatArray
from campaigns.engine.reasons import REASONS
from campaigns.engine.reception_curve import reception_curve
from campaigns.engine.simulation import Forecast, daily_counts, simulate_redeemers, stream
from campaigns.queries.candidates import current_segments, segments_found_on
from campaigns.queries.history import finished_campaigns, redemption_times
from campaigns.services.audiences import Choice
from campaigns.services.scoring import Scored

ONE_DAY = 86_400


def simulation_curves(choice: Choice, scored: Scored, forecast: Forecast, seed: int) -> dict[str, Any]:
    """Everything the page of a simulation draws besides the forecast itself; JSON. Each has chance of its own."""
    return {
        "profit": _profit(choice, scored, stream(seed, "profit")),
        "reception": _reception(scored, forecast, stream(seed, "reception")),
        "segments": _segments(choice, scored, seed),
        "reasons": _reasons(choice, scored),
    }


def _profit(choice: Choice, scored: Scored, rng: np.random.Generator) -> dict[str, Any]:
    curve = profit_curve(scored.picked.plan(choice.allowed), rng)
    low_80, high_80 = curve.interval(0.8)
    low_95, high_95 = curve.interval(0.95)
    return {
        "depths": curve.depths.tolist(),
        "profit": _rounded(curve.profit),
        "low_80": _rounded(low_80),
        "high_80": _rounded(high_80),
        "low_95": _rounded(low_95),
        "high_95": _rounded(high_95),
        "redeemer_share": _rounded(curve.redeemer_share, 4),
        "advice": choice.cut.advice.value,
        "cut": choice.cut.depth,
        "cut_profit": round(choice.cut.profit, 2),
    }


def _reception(scored: Scored, forecast: Forecast, rng: np.random.Generator) -> dict[str, Any]:
    times = redemption_times(finished_campaigns(scored.as_of))
    curve = reception_curve(times, scored.campaign.type, rng)
    window = (scored.campaign.ends_at - scored.campaign.starts_at).total_seconds() / ONE_DAY
    days = np.arange(round(window) + 1, dtype=np.float64)
    daily = daily_counts(curve, forecast.draws["redemptions"], max(round(window), 1), rng)
    at_days = [np.interp(days / max(window, 1), curve.fractions, band) for band in (curve.mid, curve.low, curve.high)]
    mid, low, high = (_rounded(band, 4) for band in at_days)
    return {
        "days": days.astype(int).tolist(),
        "mid": mid,
        "low_90": low,
        "high_90": high,
        "n_campaigns": curve.n_campaigns,
        "is_indicative": curve.indicative,
        "on_day": {name: _rounded(getattr(daily, name), 1) for name in ("mid", "low", "high")},
        "by_day": {name: _rounded(getattr(daily, f"total_{name}"), 1) for name in ("mid", "low", "high")},
    }


def _segments(choice: Choice, scored: Scored, seed: int) -> list[dict[str, Any]]:
    lines = []
    found_on = segments_found_on()
    for number, (name, ids) in enumerate(current_segments().items()):
        rows = np.intersect1d(choice.rows, scored.rows_of(ids))
        if len(rows) == 0:
            continue
        redeemers = simulate_redeemers(scored.plan(rows), stream(seed, "segment", number))
        interval = redeemers.interval(0.8)
        lines.append(
            {
                "segment": name,
                "found_on": found_on.isoformat() if found_on else None,
                "n": len(rows),
                "mid": redeemers.mid,
                "low_80": interval.low,
                "high_80": interval.high,
            }
        )
    return lines


def _reasons(choice: Choice, scored: Scored) -> list[dict[str, Any]]:
    """How each reason multiplies the odds of this audience against the average customer of past campaigns."""
    means = scored.reasons[choice.rows].mean(axis=0)
    return [
        {"reason": reason.label, "log_odds": round(float(mean), 4)}
        for reason, mean in zip(REASONS, means, strict=True)
        # One that a model does not look at moves nobody.
        if reason.features or mean
    ]


def _rounded(values: FloatArray, digits: int = 2) -> list[float]:
    rounded: list[float] = np.round(values, digits).tolist()
    return rounded
