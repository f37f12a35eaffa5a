"""What the newest reading says of RFM groups and lifecycle states."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from loyalty.models import Job
from segments.charts.groups import CameBackBar, Group, Groups, ScoreCell
from segments.engine.migration import Migration
from segments.engine.rfm import RfmSpec
from segments.engine.states import Floats, Ints, LifecycleRule, rule_of_facts
from segments.models import GroupReport, Segment

READ_RFM = "segments.read_rfm"
READ_LIFECYCLE = "segments.read_lifecycle"
READ_LIFETIME = "segments.read_lifetime"
TASKS = (READ_RFM, READ_LIFECYCLE, READ_LIFETIME)


def group_report(kind: str) -> GroupReport | None:
    return GroupReport.objects.filter(kind=kind).first()


def open_reading() -> Job | None:
    """A job that reads groups or lifetime now or soon, alone or as a step of a larger one."""
    found = Job.objects.filter(task__in=TASKS, state__in=Job.OPEN_STATES)
    return found.select_related("parent").order_by("pk").first()


def saved_rfm_spec() -> RfmSpec:
    told = group_report(GroupReport.Kind.RFM)
    return RfmSpec(**told.spec) if told else RfmSpec()


def groups_of(report: GroupReport) -> Groups:
    """Sizes and moves, each group with its segment's name of today; one query."""
    facts = report.facts
    segments = {one.number: one for one in Segment.objects.filter(kind=report.kind)}
    n_customers = max(sum(one["n_customers"] for one in facts["groups"]), 1)
    # Returns can outweigh what a group bought; a share of such a sum would mean nothing.
    spend = max(sum(one["spend"] for one in facts["groups"]), 1e-9)
    return Groups(
        kind=report.kind,
        as_of=report.as_of,
        currency=report.currency,
        groups=[
            _group(number, one, segments.get(number), n_customers, spend) for number, one in enumerate(facts["groups"])
        ],
        months=[date.fromisoformat(day) for day in facts["months"]],
        moves=_moves(facts, len(facts["groups"])),
    )


def _group(number: int, facts: dict[str, Any], segment: Segment | None, n_customers: int, spend: float) -> Group:
    return Group(
        number=number,
        **{**facts, "name": segment.name if segment else facts["name"]},
        meaning=segment.description if segment else "",
        url=segment.get_absolute_url() if segment else "",
        share=facts["n_customers"] / n_customers,
        spend_share=facts["spend"] / spend,
    )


def _moves(facts: dict[str, Any], n_groups: int) -> Migration:
    return Migration(
        moved=np.array(facts["moved"], dtype=np.int64).reshape(-1, n_groups, n_groups),
        arrived=np.array(facts["arrived"], dtype=np.int64).reshape(-1, n_groups),
        came_again=np.array(facts["came_again"], dtype=np.int64),
    )


def score_cells(report: GroupReport) -> list[ScoreCell]:
    return [ScoreCell(**cell) for cell in report.facts["cells"]]


def came_back_bars(report: GroupReport, groups: Groups) -> list[CameBackBar]:
    return [
        CameBackBar(
            name=groups.names[one["state"]],
            number=one["state"],
            **{name: one[name] for name in ("n_customers", "n_looks", "share", "low", "high")},
        )
        for one in report.facts["came_back"]
    ]


@dataclass(frozen=True)
class SilenceLimits:
    """Days without an order from which somebody is at risk, and inactive; None where no silence is long enough."""

    usual_gap_days: float
    at_risk_days: float | None
    inactive_days: float | None


def usual_limits(report: GroupReport) -> tuple[SilenceLimits, SilenceLimits]:
    """Of who has ordered once, and of who ordered five times, at the gaps that are usual in this shop."""
    rule = rule_of_facts(report.facts["rule"])
    mean = np.full(2, rule.rhythm.mean_log)
    count = np.array([1, 5])
    sd = np.sqrt(rule.rhythm.within * (1 + 1 / (count - 1 + rule.rhythm.worth)))
    once, again = silence_limits(rule, mean, sd, count)
    return once, again


def silence_limits(rule: LifecycleRule, mean: Floats, sd: Floats, count: Ints) -> list[SilenceLimits]:
    """For customers with these expected gaps (mean and deviation of logarithms) and visits so far."""
    at_risk, inactive = rule.limits(count)
    return [
        SilenceLimits(float(np.exp(m)), _days(m + r * s), _days(m + i * s))
        for m, s, r, i in zip(mean, sd, at_risk, inactive, strict=True)
    ]


def _days(log: float) -> float | None:
    # e^12 days are four centuries.
    return float(np.exp(log)) if log < 12 else None


def chosen_on(report: GroupReport) -> date:
    """The day before which the limits were chosen."""
    return date.fromisoformat(report.facts["chosen_on"])
