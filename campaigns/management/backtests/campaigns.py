"""Past campaigns: how many would take each, and how many did."""

from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from campaigns.engine.ledger import EntryScore, LedgerMetrics
from campaigns.management.backtests.printing import Write
from campaigns.models import Campaign
from campaigns.services.backtests import NO_EFFECT, NothingToReplay, Replay, keep_replays, replay_campaigns
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import QuietProgress

LEVEL = 0.9
ROW = "{:<22} {:<8} {:>6} {:>9} {:>13} {:>7}  {}"
TOTALS = "{:<68} {:>6} {:>7} {:>7} {:>9} {:>8} {:>9}"


def backtest_campaigns(write: Write, seed: int) -> dict[str, Any]:
    """Print every campaign and the totals, beside the baselines and with the campaign effect switched off."""
    horizon = data_horizon()
    if horizon is None:
        raise CommandError("There are no orders. Import some first.")
    try:
        replays = replay_campaigns(as_of=horizon, seed=seed, report=QuietProgress())
    except NothingToReplay as nothing:
        raise CommandError(str(nothing)) from nothing
    keep_replays(replays, at=now())
    serving = replays.by_name[replays.serving]
    names = dict(Campaign.objects.values_list("pk", "name"))
    for replay in (serving, replays.by_name[NO_EFFECT]):
        _table(write, replay, names)
    _totals(write, [serving, *(replay for replay in replays.by_name.values() if replay is not serving)])
    write(f"\n{replays.verdict}")
    return {
        "campaigns": [_line(score, names) for score in serving.scores],
        "total": _total(serving.metrics),
        "baselines": {
            name: _total(replay.metrics) for name, replay in replays.by_name.items() if replay is not serving
        },
    }


def _table(write: Write, replay: Replay, names: dict[int, str]) -> None:
    write(f"\n{replay.label}: customers who take it")
    write(ROW.format("campaign", "type", "sent", "forecast", "90% interval", "actual", "held"))
    for score in replay.scores:
        campaign, interval = score.campaign, score.forecast.interval(LEVEL)
        span, held = f"{interval.low:,.0f}–{interval.high:,.0f}", "yes" if score.holds(LEVEL) else "no"
        about = (names[campaign.campaign_id][:22], campaign.campaign_type[:8], score.n_customers)
        write(ROW.format(*about, f"{score.forecast.mid:,.0f}", span, score.actual, held))
    n_held = sum(score.holds(LEVEL) for score in replay.scores)
    write(f"The 90% interval held what happened in {n_held} of {len(replay.scores)} campaigns.")


def _totals(write: Write, replays: list[Replay]) -> None:
    write("\n" + TOTALS.format("", "AUC", "ECE", "WAPE", "coverage", "width", "score"))
    for replay in replays:
        total = _total(replay.metrics)
        figures = [f"{total[name]:.3f}" for name in ("auc", "ece", "wape", "coverage90", "width90")]
        write(TOTALS.format(replay.label, *figures, f"{total['interval_score90']:.1f}"))


def _total(metrics: LedgerMetrics) -> dict[str, float]:
    return {
        "auc": metrics.auc,
        "ece": metrics.calibration_error,
        "wape": metrics.wape,
        "coverage90": metrics.coverage[LEVEL],
        "width90": metrics.relative_width,
        "interval_score90": metrics.interval_score,
    }


def _line(score: EntryScore, names: dict[int, str]) -> dict[str, Any]:
    interval = score.forecast.interval(LEVEL)
    return {
        "campaign": names[score.campaign.campaign_id],
        "type": score.campaign.campaign_type,
        "n_customers": score.n_customers,
        "forecast": score.forecast.mid,
        "low90": interval.low,
        "high90": interval.high,
        "actual": score.actual,
        "held": score.holds(LEVEL),
    }
