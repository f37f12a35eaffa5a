"""What would be taken from a trial's file, looked at before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.models import Trial
from campaigns.services.trials.importing import GONE, kept_file
from campaigns.services.trials.plans import TrialPlan
from campaigns.services.trials.reading import TrialTable, read_trial_file
from loyalty.services.ingest import FileRefused
from loyalty.services.ingest.rows import Problem
from loyalty.services.progress import QuietProgress

# Somebody looks on: so many rows are read in a second.
MOST_ROWS = 50_000
REFUSED_SHOWN = 20


@dataclass(frozen=True)
class ArmSeen:
    """A group of the file: how many people, which share of all (0-1), and which one was planned."""

    name: str
    n_people: int
    share: float
    planned: float | None


@dataclass(frozen=True)
class TrialPreview:
    """What was understood. `outcome` is a sentence; `is_whole` where every row of the file was looked at."""

    n_people: int
    n_refused: int
    is_whole: bool
    arms: Sequence[ArmSeen]
    outcome: str
    known_before: Sequence[str]
    left_out: Sequence[str]
    refused: Sequence[Problem]


def preview_trial(trial: Trial, plan: TrialPlan) -> TrialPreview:
    """Read the first rows of a kept file as the import would. Raises FileRefused."""
    path = kept_file(trial)
    if not path.exists():
        raise FileRefused(GONE)
    table = read_trial_file(path, plan, QuietProgress(), most_rows=MOST_ROWS)
    n_refused = len({problem.line for problem in table.rejected})
    return TrialPreview(
        n_people=table.n_people,
        n_refused=n_refused,
        is_whole=table.n_people + n_refused < MOST_ROWS,
        arms=_arms(table, plan),
        outcome=_outcome(table, plan),
        known_before=table.features.names,
        left_out=table.features.left_out,
        refused=table.rejected[:REFUSED_SHOWN],
    )


def _arms(table: TrialTable, plan: TrialPlan) -> list[ArmSeen]:
    sizes = np.bincount(table.arm_rows, minlength=len(table.arms)).tolist()
    return [
        ArmSeen(name, size, size / table.n_people, plan.shares.get(name))
        for name, size in zip(table.arms, sizes, strict=True)
    ]


def _outcome(table: TrialTable, plan: TrialPlan) -> str:
    if np.isin(table.outcome, (0.0, 1.0)).all():
        return f"“{plan.outcome}” happened or did not: {table.outcome.mean():.1%} of these people did it."
    whole = bool((table.outcome == np.round(table.outcome)).all())
    kind = "a count" if whole else "an amount"
    return f"“{plan.outcome}” is {kind}: {table.outcome.mean():,.2f} a person, from {table.outcome.min():,.6g} to " + (
        f"{table.outcome.max():,.6g}."
    )
