"""Learn from a trial of the shop's own customers whether everybody may be ranked by what a message changes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from campaigns.engine.uplift.effects import arm_effects
from campaigns.engine.uplift.frames import RandomisedFrame
from campaigns.engine.uplift.keeping import to_artefact
from campaigns.engine.uplift.kept import in_single_precision
from campaigns.engine.uplift.ranking import Ranking, learn_ranking
from campaigns.models import Trial, UpliftModel
from campaigns.queries.trials import TrialRows, known_at_start
from campaigns.services.trials.telling import told_group, told_interval
from loyalty.services.progress import Progress
from segments.engine.files import packed

CODE_VERSION = "uplift-1"
# In each group: fewer say nothing about who differs from whom.
FEWEST_CUSTOMERS = 100


@dataclass(frozen=True)
class Learnt:
    """What one arm's reading among the shop's customers came to, before it is written down."""

    place: int
    ranking: Ranking
    n_customers: int


def why_not(trial: Trial, rows: TrialRows) -> str:
    """Why nothing can be learnt for customers outside the trial; empty where it can."""
    if trial.starts_at is None or trial.ends_at is None:
        return "Say on which days the trial ran: what was known of your customers before it is what may rank them."
    arms = rows.frame.arm_rows[rows.customer_ids > 0]
    fewest = int(np.bincount(arms, minlength=len(rows.frame.arms)).min())
    if fewest < FEWEST_CUSTOMERS:
        return (
            f"Only {fewest:,} people of its smallest group are customers of yours; {FEWEST_CUSTOMERS} are needed to "
            "learn who differs."
        )
    return ""


def learn_rankings(
    trial: Trial, rows: TrialRows, *, seed: int, contact_cost: float | None, report: Progress
) -> list[Learnt]:
    """One ranking an arm, on what the shop knew of its customers just before the trial; none where `why_not` says."""
    if trial.starts_at is None or why_not(trial, rows):
        return []
    frame = _as_known(rows, trial.starts_at)
    learnt: list[Learnt] = []
    if not frame.names:
        return learnt
    for place, effect in enumerate(arm_effects(frame), 1):
        report(60 + 35 * place // len(frame.arms), 100, f"Learning whom of your customers “{effect.arm}” changes")
        # Chance of its own: how a file describes people must not move what is learnt here.
        rng = np.random.default_rng([seed, place, 1])
        learnt.append(Learnt(place, learn_ranking(frame, effect, rng, contact_cost=contact_cost), len(frame)))
    return learnt


def keep_rankings(trial: Trial, learnt: Sequence[Learnt], *, seed: int, at: datetime) -> None:
    """Write the models down, in the caller's transaction; earlier ones stay for the audiences that rest on them."""
    arms = {arm.position: arm for arm in trial.arms.all()}
    UpliftModel.objects.filter(trial=trial).update(is_current=False)
    for one in learnt:
        params, arrays = to_artefact(one.ranking.kept)
        told = packed(arrays)
        findings = _findings(trial, one.ranking)
        about = json.dumps([params, findings, seed, CODE_VERSION], sort_keys=True).encode()
        UpliftModel.objects.update_or_create(
            arm=arms[one.place],
            fingerprint=hashlib.sha256(about + told).hexdigest(),
            defaults={"is_current": True},
            create_defaults={
                "trial": trial,
                "is_open": one.ranking.is_open,
                "n_customers": one.n_customers,
                "findings": findings,
                "params": params,
                "arrays": told,
                "seed": seed,
                "code_version": CODE_VERSION,
                "made_at": at,
            },
        )


def _as_known(rows: TrialRows, as_of: datetime) -> RandomisedFrame:
    """The customers among a trial's people, described by what the shop knew of them at its start."""
    ours = rows.customer_ids > 0
    frame, ids = rows.frame.take(ours), rows.customer_ids[ours]
    known = known_at_start(as_of)
    values = in_single_precision(known.values[np.searchsorted(known.customer_ids, ids)])
    # What was the same for all of them says nothing, and would make everybody else look strange.
    told = np.ptp(values, axis=0) > 0
    return RandomisedFrame(
        values=values[:, told],
        names=tuple(np.array(known.names)[told].tolist()),
        arms=frame.arms,
        arm_rows=frame.arm_rows,
        outcome=frame.outcome,
        propensity=frame.propensity,
        groups=frame.groups,
    )


def _findings(trial: Trial, ranking: Ranking) -> dict[str, Any]:
    """The gate's verdict, and the price it was asked at: an audience that rests on it is paid for at that price."""
    readout, worth = ranking.readout, trial.outcome_value
    return {
        "outcome_value": None if worth is None else float(worth),
        "is_binary": ranking.is_binary,
        "p_value": readout.test.p_value,
        "gain": told_interval(readout.gain),
        "chosen_share": readout.chosen_share,
        "contact_cost": readout.contact_cost,
        "mean_effect": ranking.kept.calibration.mean,
        "slope": ranking.kept.calibration.slope,
        "group": told_group(readout.group) if readout.group else None,
    }
