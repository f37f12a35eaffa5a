"""A trial's file as arrays: every cell checked, rows that cannot be taken kept with a sentence each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.services.trials.columns import Described, describe, numbers, texts
from campaigns.services.trials.plans import TrialPlan, check_plan
from loyalty.services.ingest import FileRefused, Reading
from loyalty.services.ingest.files import open_table
from loyalty.services.ingest.rows import LINE, Problem
from loyalty.services.progress import Progress

MOST_ARMS = 10
FEWEST_PEOPLE = 50
YES_NO = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class TrialTable:
    """All rows that can be taken. `arms` begins with the control; `propensity` is empty where none was logged."""

    lines: IntArray
    arms: tuple[str, ...]
    arm_rows: IntArray
    outcome: FloatArray
    value: FloatArray
    attributed: FloatArray
    propensity: FloatArray
    persons: tuple[str, ...]
    groups: IntArray
    features: Described
    rejected: tuple[Problem, ...]

    @property
    def n_people(self) -> int:
        return len(self.lines)


@dataclass
class _Check:
    """Which rows are still good, and what was wrong with the others: the first fault of a row is told."""

    lines: IntArray
    good: BoolArray
    problems: list[Problem] = field(default_factory=list)

    def reject(self, bad: BoolArray, column: str, cells: npt.NDArray[np.object_], reason: str) -> None:
        for row in np.flatnonzero(bad & self.good):
            self.problems.append(Problem(int(self.lines[row]), column[:64], str(cells[row] or "")[:200], reason))
        self.good &= ~bad


def read_trial_file(path: Path, plan: TrialPlan, report: Progress, *, most_rows: int | None = None) -> TrialTable:
    """Read and check a file, or its first rows. Raises FileRefused when the trial in it cannot be read at all."""
    table, broken = _whole(path, report, most_rows)
    names = [name for name in table.column_names if name != LINE]
    check_plan(plan, names)
    report(2, 10, f"Checking {len(table):,} people")
    told_wrong = {problem.line for problem in broken}
    lines = table.column(LINE).to_numpy().astype(np.int64)
    check = _Check(lines, ~np.isin(lines, list(told_wrong)), list(broken))
    groups = texts(table.column(plan.arm))
    check.reject(groups == "", plan.arm, groups, "Say which group this person was in.")
    arms = _arms(groups[check.good], plan)
    outcome = _outcome(table, plan, check)
    money = {role: _money(table, getattr(plan, role), check) for role in ("value", "attributed")}
    chances = _chances(table, plan, check)
    good = check.good
    if good.sum() < FEWEST_PEOPLE:
        raise FileRefused(f"Only {int(good.sum()):,} rows can be read. A trial needs {FEWEST_PEOPLE} people.")
    arm_rows = _places(groups[good], arms)
    if (np.bincount(arm_rows, minlength=len(arms)) < 2).any():
        raise FileRefused("One of the groups has fewer than two people whose rows can be read.")
    persons = texts(table.column(plan.person))[good] if plan.person else np.full(int(good.sum()), "")
    before = [name for name in (plan.before if plan.before is not None else names) if name not in plan.taken]
    report(5, 10, "Looking at what was known before")
    return TrialTable(
        lines=lines[good],
        arms=arms,
        arm_rows=arm_rows,
        outcome=outcome[good],
        value=money["value"][good],
        attributed=money["attributed"][good],
        propensity=_propensity(chances[good], arm_rows, arms, plan) if plan.propensity else np.empty((0, 0)),
        persons=tuple(persons.tolist()),
        groups=_groups(table, plan, good, persons),
        features=describe(
            {name: table.column(name).filter(pa.array(good)) for name in before},
            # Where chances were logged, the groups may differ in what the chances went by.
            None if plan.propensity else arm_rows,
            n_rows=int(good.sum()),
        ),
        rejected=tuple(sorted(check.problems, key=lambda problem: problem.line)),
    )


def _whole(path: Path, report: Progress, most_rows: int | None) -> tuple[pa.Table, list[Problem]]:
    found = open_table(path, Reading(), most_rows=most_rows)
    batches, n_rows = [], 0
    for batch in found.batches:
        batches.append(batch)
        n_rows += len(batch)
        report(1, 10, f"Reading {n_rows:,} rows")
        if most_rows is not None and n_rows >= most_rows:
            break
    if not n_rows:
        raise FileRefused("There are no rows. A heading alone says nothing.")
    table = pa.Table.from_batches(batches, found.schema)
    return table if most_rows is None else table.slice(0, most_rows), list(found.problems)


def _arms(groups: npt.NDArray[np.object_], plan: TrialPlan) -> tuple[str, ...]:
    found = sorted(set(groups.tolist()))
    shown = ", ".join(f"“{name}”" for name in found[:MOST_ARMS])
    if plan.control not in found:
        raise FileRefused(f"No person was in a group called “{plan.control}”. The column “{plan.arm}” has {shown}.")
    if len(found) < 2:
        raise FileRefused(f"Everybody was in {shown}. A trial compares at least two groups.")
    if len(found) > MOST_ARMS:
        raise FileRefused(f"The column “{plan.arm}” has {len(found):,} different groups; at most {MOST_ARMS} are read.")
    unplanned = [name for name in found if plan.shares and name not in plan.shares]
    if unplanned:
        raise FileRefused(f"Say which share of people was planned for “{unplanned[0]}”, or leave out all shares.")
    absent = [name for name in plan.shares if name not in found]
    if absent:
        raise FileRefused(f"A share was planned for “{absent[0]}”, but nobody was in that group. There are {shown}.")
    return (plan.control, *(name for name in found if name != plan.control))


def _places(groups: npt.NDArray[np.object_], arms: Sequence[str]) -> IntArray:
    place = {name: number for number, name in enumerate(arms)}
    return np.array([place[name] for name in groups], dtype=np.int64)


def _outcome(table: pa.Table, plan: TrialPlan, check: _Check) -> FloatArray:
    cells = texts(table.column(plan.outcome))
    check.reject(cells == "", plan.outcome, cells, "There is no outcome. Write 0 where nothing happened.")
    values, is_number = numbers(table.column(plan.outcome), YES_NO)
    check.reject(~is_number, plan.outcome, cells, "This is no number. Write 1 or 0, yes or no, a count or an amount.")
    return values


def _money(table: pa.Table, name: str, check: _Check) -> FloatArray:
    if not name:
        return np.zeros(len(table))
    values, is_number = numbers(table.column(name), {"": 0.0})
    check.reject(~is_number, name, texts(table.column(name)), "This is no amount. Write a number, or nothing for zero.")
    return values


def _chances(table: pa.Table, plan: TrialPlan, check: _Check) -> FloatArray:
    if not plan.propensity:
        return np.zeros(len(table))
    values, is_number = numbers(table.column(plan.propensity), {})
    bad = ~is_number | ~((values > 0) & (values < 1))
    reason = "The chance of having been put into this group must be a number above 0 and below 1."
    check.reject(bad, plan.propensity, texts(table.column(plan.propensity)), reason)
    return values


def _propensity(chances: FloatArray, arm_rows: IntArray, arms: Sequence[str], plan: TrialPlan) -> FloatArray:
    """A log tells the chance of the arm a person is in; the others share the rest as they were planned."""
    shares = [plan.shares.get(arm, 0.0) for arm in arms] if plan.shares else np.bincount(arm_rows, minlength=len(arms))
    whole = np.tile(np.asarray(shares, dtype=np.float64), (len(chances), 1))
    own = np.arange(len(chances)), arm_rows
    whole[own] = 0
    whole *= ((1 - chances) / whole.sum(axis=1))[:, None]
    whole[own] = chances
    return whole


def _groups(table: pa.Table, plan: TrialPlan, good: BoolArray, persons: npt.NDArray[np.object_]) -> IntArray:
    """What went into an arm together: the household where it is known, else the person; each row where neither is."""
    name = plan.household or plan.person
    if not name:
        return np.arange(len(persons), dtype=np.int64)
    keys = texts(table.column(name))[good]
    keys = np.where(keys == "", np.array([f"\0{row}" for row in range(len(keys))], dtype=object), keys)
    return np.asarray(pc.dictionary_encode(pa.array(keys, pa.string())).indices.to_numpy(), dtype=np.int64)
