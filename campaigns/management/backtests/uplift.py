"""Uplift: planted trials whose answer is known, and the public trial of social pressure where its file is there."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.engine.uplift.effects import arm_effects, arm_mean, false_positive_share
from campaigns.engine.uplift.frames import CONTROL, RandomisedFrame, folds_by_group, observed_chances, shuffled
from campaigns.engine.uplift.learners import cross_fitted_means
from campaigns.engine.uplift.planted import planted_trial, thinned_log
from campaigns.engine.uplift.policy import policy_value
from campaigns.engine.uplift.qini import qini_curve
from campaigns.engine.uplift.readout import gate_opens, read_arm
from campaigns.management.backtests.printing import Write
from campaigns.queries.trial_words import group_words
from campaigns.services.trials.plans import TrialPlan
from campaigns.services.trials.reading import read_trial_file
from campaigns.services.trials.telling import told_group
from loyalty.services.progress import QuietProgress

FILE = Path("social_pressure_rct") / "social.csv.gz"
PLAN = TrialPlan(arm="messages", control="Control", outcome="primary2006")
SHUFFLES, RANDOM_SCORES, LOGS, A_A_RUNS = 20, 100, 200, 1000
PLANTED_PEOPLE, SHUFFLED_PEOPLE = 24_000, 24_000
POINTS = 0.04


def backtest_uplift(write: Write, seed: int, n_shuffles: int = SHUFFLES) -> dict[str, Any]:
    """Print what is found where the answer is known, then the same on people who really got letters."""
    told = {"planted": _planted(write, seed, n_shuffles), "policy_value": _policy_value(write, seed)}
    path = Path(os.environ.get("REAL_DATA_DIR", "")) / FILE
    if not path.is_file():
        write(f"\nThe public trial is not here: name the folder that holds {FILE} in REAL_DATA_DIR.")
        return told
    return {**told, "social_pressure": _social_pressure(write, path, seed, n_shuffles)}


def _planted(write: Write, seed: int, n_runs: int) -> dict[str, Any]:
    """The gate where one group gains, where all gain alike, and where nobody does."""
    write(f"Planted trials of {PLANTED_PEOPLE:,} people, {n_runs} of each kind")
    found: dict[str, Any] = {}
    worlds = {
        "one group gains 4 points": {"group_effect": POINTS},
        "everybody gains 4 points": {"effect": POINTS},
        "nobody gains": {},
    }
    for number, (name, planted) in enumerate(worlds.items()):
        rngs = [np.random.default_rng([seed, number, run]) for run in range(n_runs)]
        n_open = sum(gate_opens(planted_trial(rng, n_people=PLANTED_PEOPLE, **planted), 1, rng) for rng in rngs)
        write(f"  {name:<28} targeting offered in {n_open} of {n_runs}")
        found[name] = n_open
    rng = np.random.default_rng(seed)
    frame = planted_trial(rng, n_people=3 * PLANTED_PEOPLE, group_effect=POINTS)
    group = read_arm(frame, arm_effects(frame)[0], rng).group
    named = group_words(told_group(group)) if group else "nobody"
    write(f"  the group that was found in {len(frame):,} people: {named}")
    return {**found, "group": named, "n_runs": n_runs}


def _policy_value(write: Write, seed: int) -> dict[str, float]:
    """How often the interval holds what a policy would have brought, from logs in which others were chosen."""
    held, naive, values = 0, [], []
    for run in range(LOGS):
        rng = np.random.default_rng([seed, 9, run])
        log, choice, truth = thinned_log(rng)
        expected = cross_fitted_means(log, folds_by_group(log.groups, 3, rng))
        value = policy_value(log, choice, expected).value
        held += value.low <= truth <= value.high
        values.append(value.value)
        naive.append(float(log.outcome[log.arm_rows == choice].mean()))
    write(f"\nValue of a policy from {LOGS} thinned logs: the 95% interval holds the truth in {held / LOGS:.1%}")
    write(f"  truth {truth:.4f}, mean {np.mean(values):.4f}, of those who were treated so {np.mean(naive):.4f}")
    return {"coverage": held / LOGS, "truth": truth, "mean": float(np.mean(values)), "naive": float(np.mean(naive))}


def _social_pressure(write: Write, path: Path, seed: int, n_shuffles: int) -> dict[str, Any]:
    frame = _read(path)
    write(f"\nSocial pressure: {len(frame):,} people")
    write(f"  {'group':<12} {'people':>8} {'voted':>8} {'difference':>11} {'95%':>20}")
    control = arm_mean(frame, CONTROL)
    write(f"  {frame.arms[0]:<12} {(frame.arm_rows == CONTROL).sum():>8,} {control.value:>8.2%}")
    effects = arm_effects(frame)
    for one in effects:
        low, high = one.difference.interval()
        span = f"{low:+.2%} to {high:+.2%}"
        write(f"  {one.arm:<12} {one.n_people:>8,} {one.mean.value:>8.2%} {one.difference.value:>+11.2%} {span:>20}")
    shares = false_positive_share(frame, A_A_RUNS, np.random.default_rng(seed))
    write(f"  shuffled {A_A_RUNS:,} times, an effect is seen in {', '.join(f'{share:.1%}' for share in shares)}")
    random = _random_scores(frame, seed)
    write(f"  Qini of {RANDOM_SCORES} orders by chance: at most {random:.5f} from zero")
    n_open = _shuffled_openings(frame, seed, n_shuffles)
    write(f"  {SHUFFLED_PEOPLE:,} of its people shuffled {n_shuffles} times, targeting is offered in {n_open}")
    return {
        "control": control.value,
        "arms": {one.arm: [one.mean.value, one.difference.value, *one.difference.interval()] for one in effects},
        "false_positives": shares.tolist(),
        "largest_random_qini": random,
        "shuffles": n_shuffles,
        "opened": n_open,
    }


def _read(path: Path) -> RandomisedFrame:
    table = read_trial_file(path, PLAN, QuietProgress())
    return RandomisedFrame(
        values=table.features.values,
        names=table.features.names,
        arms=table.arms,
        arm_rows=table.arm_rows,
        outcome=table.outcome,
        propensity=observed_chances(table.arm_rows, len(table.arms)),
        groups=table.groups,
    )


def _random_scores(frame: RandomisedFrame, seed: int) -> float:
    rng = np.random.default_rng(seed)
    pair = frame.against_control(len(frame.arms) - 1)
    found: Sequence[float] = [
        qini_curve(pair.outcome, rng.random(len(pair)), pair.treated).coefficient for _ in range(RANDOM_SCORES)
    ]
    return float(np.abs(found).max())


def _shuffled_openings(frame: RandomisedFrame, seed: int, n_shuffles: int) -> int:
    """Of trials in which nobody can differ, how many would have offered targeting for any message."""
    n_open = 0
    for run in range(n_shuffles):
        rng = np.random.default_rng([seed, run])
        some = shuffled(frame.take(rng.choice(len(frame), SHUFFLED_PEOPLE, replace=False)), rng)
        n_open += any(gate_opens(some, arm, rng) for arm in range(1, len(some.arms)))
    return n_open
