"""What each group of features is worth: past campaigns forecast with it and without it, as they would have been."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from campaigns.engine.backtest import Gain, paired_gain
from campaigns.engine.feature_groups import EXTRA_FEATURES, GROUPS, FeatureGroup
from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.ledger import LedgerEntry, LedgerMetrics, ledger_metrics
from campaigns.engine.reasons import FEATURE_NAMES
from campaigns.engine.reception import RidgeLogistic
from campaigns.engine.rolling import rolling_forecasts
from campaigns.queries.history import observed_campaigns
from campaigns.services.backtests import FIRST_JUDGED, NothingToReplay
from campaigns.services.reception_history import reception_history
from loyalty.services.progress import Progress


@dataclass(frozen=True)
class GroupTrial:
    """Forecasts with a group of features held against forecasts without it.

    `chosen` is the fall of the log-loss a customer over the campaigns that choices may be made on, `judged` over the
    later ones; the metrics are of the later ones.
    """

    group: FeatureGroup
    chosen: Gain | None
    judged: Gain | None
    with_it: LedgerMetrics
    without_it: LedgerMetrics


def try_groups(*, as_of: datetime, seed: int, report: Progress) -> list[GroupTrial]:
    """Every group in turn, by the ridge logistic model. Raises NothingToReplay."""
    campaigns = observed_campaigns(as_of)
    if len(campaigns) < FIRST_JUDGED:
        raise NothingToReplay(len(campaigns))
    frame = reception_history(campaigns, as_of, report, extra=EXTRA_FEATURES)
    usual = _forecasts(frame, FEATURE_NAMES)
    return [_tried(frame, group, usual, seed) for group in GROUPS]


def _tried(frame: ReceptionFrame, group: FeatureGroup, usual: list[LedgerEntry], seed: int) -> GroupTrial:
    if group.serves_always:
        with_it, without_it = usual, _forecasts(frame, [name for name in FEATURE_NAMES if name not in group.features])
    else:
        with_it, without_it = _forecasts(frame, (*FEATURE_NAMES, *group.features)), usual
    later = [entry.campaign in frame.campaigns[FIRST_JUDGED - 1 :] for entry in usual]
    first = later.index(True)
    rng = np.random.default_rng(seed)
    return GroupTrial(
        group,
        paired_gain(without_it[:first], with_it[:first], rng),
        paired_gain(without_it[first:], with_it[first:], rng),
        ledger_metrics(with_it[first:], np.random.default_rng(seed)),
        ledger_metrics(without_it[first:], np.random.default_rng(seed)),
    )


def _forecasts(frame: ReceptionFrame, names: tuple[str, ...] | list[str]) -> list[LedgerEntry]:
    return rolling_forecasts(frame.named(names), RidgeLogistic)
