"""Groups of features: what forecasts of past campaigns are worth with each and without it."""

from typing import Any

from django.core.management.base import CommandError

from campaigns.engine.backtest import Gain
from campaigns.management.backtests.printing import Write
from campaigns.services.backtests import FIRST_JUDGED, NothingToReplay
from campaigns.services.feature_trials import GroupTrial, try_groups
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import QuietProgress

ROW = "{:<42} {:<7} {:>20} {:>20} {:>13} {:>13}"


def backtest_features(write: Write, seed: int) -> dict[str, Any]:
    """Print how much smaller the log-loss is with each group, on the first campaigns and on those after them."""
    horizon = data_horizon()
    if horizon is None:
        raise CommandError("There are no orders. Import some first.")
    try:
        trials = try_groups(as_of=horizon, seed=seed, report=QuietProgress())
    except NothingToReplay as nothing:
        raise CommandError(str(nothing)) from nothing
    write("\nLog-loss that each group saves, in thousandths a customer, with a 90 % interval over campaigns;")
    write("AUC and WAPE of the later campaigns without it → with it.")
    write(ROW.format("", "serves", f"campaigns 1–{FIRST_JUDGED - 1}", f"from the {FIRST_JUDGED}th", "AUC", "WAPE"))
    for trial in trials:
        write(_line(trial))
    return {"groups": [_told(trial) for trial in trials]}


def _line(trial: GroupTrial) -> str:
    without, with_it = trial.without_it, trial.with_it
    return ROW.format(
        trial.group.label,
        "always" if trial.group.serves_always else "no",
        _gain(trial.chosen),
        _gain(trial.judged),
        f"{without.auc:.3f} → {with_it.auc:.3f}",
        f"{without.wape:.3f} → {with_it.wape:.3f}",
    )


def _gain(gain: Gain | None) -> str:
    return f"{1000 * gain.mid:.1f} ({1000 * gain.low:.1f}–{1000 * gain.high:.1f})" if gain else "too few"


def _told(trial: GroupTrial) -> dict[str, Any]:
    return {
        "name": trial.group.name,
        "features": list(trial.group.features),
        "serves_always": trial.group.serves_always,
        "gain_first": vars(trial.chosen) if trial.chosen else None,
        "gain_judged": vars(trial.judged) if trial.judged else None,
        **{
            f"{name}_{side}": getattr(metrics, name)
            for side, metrics in (("with", trial.with_it), ("without", trial.without_it))
            for name in ("auc", "wape", "calibration_error", "interval_score", "relative_width")
        },
    }
