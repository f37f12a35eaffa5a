"""What a trial says, worked out once and kept as plain numbers: pages and the API only read."""

from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from campaigns.engine.uplift.effects import ArmEffect, arm_effects, arm_mean, sample_ratio, smallest_effect_seen
from campaigns.engine.uplift.estimates import Estimate
from campaigns.engine.uplift.frames import CONTROL, RandomisedFrame, folds_by_group
from campaigns.engine.uplift.gate import N_FOLDS
from campaigns.engine.uplift.learners import RESPONSE, cross_fitted_means
from campaigns.engine.uplift.policy import gain_over_uniform, policy_value
from campaigns.engine.uplift.qini import QiniCurve
from campaigns.engine.uplift.readout import DEPTHS, ArmReadout, read_arm
from campaigns.models import Trial
from campaigns.queries.trials import TrialRows, trial_rows
from campaigns.services.trials.rankings import Learnt, keep_rankings, learn_rankings, why_not
from campaigns.services.trials.telling import told_group, told_interval
from loyalty.services.progress import Progress

CURVE_POINTS = 51
EFFECTS = """
WITH told AS (SELECT unnest(%s::bigint[]) AS row, unnest(%s::float8[]) AS effect)
UPDATE campaigns_trialperson p SET expected_effect = told.effect FROM told WHERE p.trial_id = %s AND p.row = told.row
"""


def read_trial(*, trial: Trial, at: datetime, seed: int, report: Progress) -> dict[str, Any]:
    """Read out a trial whose people are there. Done again, it says the same: chance comes from the seed.

    A trial whose groups are not as large as planned is not read out: something other than chance had a hand in it.
    """
    report(0, 100, "Reading the people")
    rows = trial_rows(trial)
    told: dict[str, Any] = {"seed": seed, **_sizes(rows)}
    learnt: list[Learnt] = []
    if not told["sample_ratio"]["is_broken"]:
        told |= _read(trial, rows, seed, report)
        learnt = learn_rankings(trial, rows, seed=seed, contact_cost=_contact_cost(trial), report=report)
        told["ranking"] = {"why_not": why_not(trial, rows)}
    scores = told.pop("scores", None)
    with report.writing():
        Trial.objects.filter(pk=trial.pk).update(results=told, state=Trial.State.DONE, read_at=at)
        if scores is not None:
            _keep_effects(trial, rows, scores)
        keep_rankings(trial, learnt, seed=seed, at=at)
    return {"trial_id": trial.pk, "n_open": sum(one["is_open"] for one in told.get("readouts", []))}


def _sizes(rows: TrialRows) -> dict[str, Any]:
    ratio = sample_ratio(rows.frame)
    checked = {"is_checked": rows.has_plan, "is_broken": rows.has_plan and ratio.is_broken}
    return {"sample_ratio": {"p_value": ratio.p_value, "expected": list(ratio.expected), **checked}}


def _read(trial: Trial, rows: TrialRows, seed: int, report: Progress) -> dict[str, Any]:
    frame = rows.frame
    effects = arm_effects(frame)
    control = arm_mean(frame, CONTROL)
    told: dict[str, Any] = {
        "control": {"mean": told_interval(control), "n_people": int((frame.arm_rows == CONTROL).sum())},
        "arms": [_effect(effect) for effect in effects],
        "smallest_effect_seen": smallest_effect_seen(effects),
        "money": _money(rows),
        "is_binary": frame.is_binary,
    }
    if not frame.names:
        return told
    readouts = []
    for place, effect in enumerate(effects):
        report(5 + 50 * place // len(effects), 100, f"Learning whom “{effect.arm}” changes")
        rng = np.random.default_rng([seed, place])
        readouts.append(read_arm(frame, effect, rng, contact_cost=_contact_cost(trial)))
    report(55, 100, "Comparing what could be done")
    told["readouts"] = [_readout(readout) for readout in readouts]
    told["policies"] = _policies(frame, _contact_cost(trial) or 0.0, np.random.default_rng(seed))
    best = max(range(len(effects)), key=lambda place: effects[place].adjusted.value)
    told["scores"] = (np.isin(frame.arm_rows, (CONTROL, best + 1)), readouts[best].scores)
    return told


def _contact_cost(trial: Trial) -> float | None:
    """What a contact costs in outcomes; None where nobody said what either is worth."""
    if trial.contact_cost is None or trial.outcome_value is None:
        return None
    return float(trial.contact_cost / trial.outcome_value)


def _effect(effect: ArmEffect) -> dict[str, Any]:
    return {
        "arm": effect.arm,
        "n_people": effect.n_people,
        "mean": told_interval(effect.mean),
        "difference": told_interval(effect.difference),
        "adjusted": told_interval(effect.adjusted),
    }


def _money(rows: TrialRows) -> list[dict[str, Any]]:
    """Of each arm: the money that came with it, that was credited to it, and that came because of it."""
    if not rows.value.any():
        return []
    frame = rows.frame
    in_money = RandomisedFrame(
        frame.values, frame.names, frame.arms, frame.arm_rows, rows.value, frame.propensity, frame.groups
    )
    told = []
    for place, effect in enumerate(arm_effects(in_money), 1):
        inside = frame.arm_rows == place
        n, difference = effect.n_people, effect.difference
        whole = Estimate(difference.value * n, difference.se * n)
        credited = float(rows.attributed[inside].sum()) if rows.attributed.any() else None
        came = {
            "came_with": float(rows.value[inside].sum()),
            "attributed": credited,
            "incremental": told_interval(whole),
        }
        told.append({"arm": effect.arm, **came})
    return told


def _readout(readout: ArmReadout) -> dict[str, Any]:
    return {
        "arm": readout.arm,
        "learners": [
            {
                "label": one.label,
                "is_effect": one.label != RESPONSE,
                "qini": told_interval(one.qini),
                "normalised": one.normalised,
                "uplift": [told_interval(estimate) for estimate in one.uplift],
            }
            for one in readout.learners
        ],
        "depths": list(DEPTHS),
        "curve": _curve(readout.curve),
        "test": {"z": readout.test.z, "p_value": readout.test.p_value},
        "chosen_share": readout.chosen_share,
        "gain": told_interval(readout.gain),
        "contact_cost": readout.contact_cost,
        "is_open": readout.is_open,
        "advice": str(readout.advice),
        "group": told_group(readout.group) if readout.group else None,
        "kinds": _kinds(readout),
    }


def _curve(curve: QiniCurve) -> dict[str, list[float]]:
    """The curve at even shares of everybody, in extra outcomes per 1,000 people of the trial."""
    n_people = float(curve.n_people[-1])
    shares = np.linspace(0, 1, CURVE_POINTS)
    gain = np.interp(shares * n_people, curve.n_people, curve.gain) / n_people * 1000
    return {"shares": shares.tolist(), "gain": gain.tolist()}


def _kinds(readout: ArmReadout) -> dict[str, float] | None:
    if readout.kinds is None:
        return None
    names, counts = np.unique(readout.kinds, return_counts=True)
    return {str(name): int(count) / len(readout.kinds) for name, count in zip(names, counts, strict=True)}


def _policies(frame: RandomisedFrame, contact_cost: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Each arm for everybody, nobody, and each person the arm that is expected to do most."""
    expected = cross_fitted_means(frame, folds_by_group(frame.groups, N_FOLDS, rng))
    costs = contact_cost * (np.arange(len(frame.arms)) != CONTROL)
    choices = [(arm, np.full(len(frame), place, dtype=np.int64)) for place, arm in enumerate(frame.arms)]
    personal = np.argmax(expected - costs, axis=1).astype(np.int64)
    told = []
    for name, choice in [*choices, ("", personal)]:
        valued = policy_value(frame, choice, expected, contact_cost)
        one = {"arm": name, "value": told_interval(valued.value), "weighted": valued.weighted, "agree": valued.agree}
        told.append({**one, "contacted_share": float((choice != CONTROL).mean())})
    told[-1]["gain"] = told_interval(gain_over_uniform(frame, personal, expected, contact_cost))
    return told


def _keep_effects(trial: Trial, rows: TrialRows, scores: tuple[Any, Any]) -> None:
    """Beside each customer of ours what the best arm is expected to change."""
    inside, effects = scores
    ours = rows.customer_ids[inside] > 0
    if not ours.any():
        return
    lines, kept = rows.lines[inside][ours].tolist(), effects[ours].tolist()
    with connection.cursor() as cursor:
        cursor.execute(EFFECTS, [lines, kept, trial.pk])
