"""Segments by rule: made, changed, copied, frozen, taken away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from loyalty.models import Job
from loyalty.services.jobs import create_job, one_at_a_time
from segments.engine.rules.notation import RuleRefused, read_rule
from segments.engine.rules.tree import Rule
from segments.engine.rules.writing import written
from segments.models import Segment, SegmentMembership, SegmentRule
from segments.queries.rules.catalogue import catalogue_of, check_values, moment_of_rules
from segments.queries.rules.counting import check_cost
from segments.queries.uses import rules_about, segments_in, uses_of

TASK = "segments.refresh_segments"
LONGEST_NAME, LONGEST_DESCRIPTION = 100, 300
LONGEST_REFRESH_HOURS = 24 * 31
# Rules are changed one at a time: two at once could make a circle that neither of them sees.
LOCK = 20_261_126
COPY_MEMBERS = """
INSERT INTO segments_segmentmembership (segment_id, customer_id, valid_from, entered_because, left_because)
SELECT %s, customer_id, %s, %s, '' FROM segments_segmentmembership WHERE segment_id = %s AND valid_until IS NULL
"""


class SegmentRefused(Exception):
    """The segment cannot be kept as asked; the sentence names the field and what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class SegmentInUse(Exception):
    """Something else stands on the segment; the sentence says what."""


@dataclass(frozen=True)
class RulePlan:
    """What a segment by rule shall be: `tree` as plain JSON."""

    name: str
    tree: Any
    description: str = ""
    refresh_hours: int = 24


@transaction.atomic
def create_segment(*, plan: RulePlan, by: User | None, at: datetime) -> Segment:
    """Raises RuleRefused, RuleTooCostly and SegmentRefused. It is empty until it is refreshed."""
    rule = _checked(plan, None, at)
    segment = Segment.objects.create(
        kind=Segment.Kind.RULE, name=plan.name.strip(), description=plan.description.strip(), created_at=at
    )
    SegmentRule.objects.create(
        segment=segment, tree=written(rule), refresh_hours=plan.refresh_hours, edited_by=by, edited_at=at
    )
    return segment


@transaction.atomic
def change_segment(*, segment: Segment, plan: RulePlan, by: User | None, at: datetime) -> Segment:
    """A rule that says something else has the next version. Raises as `create_segment` does."""
    rule = SegmentRule.objects.select_for_update(no_key=True).get(segment=segment)
    if segment.frozen_at is not None:
        raise SegmentRefused("rule", "This segment is frozen: its members stay as they are. Duplicate it instead.")
    tree = written(_checked(plan, segment, at))
    Segment.objects.filter(pk=segment.pk).update(name=plan.name.strip(), description=plan.description.strip())
    rule.version += tree != rule.tree
    rule.tree, rule.refresh_hours, rule.edited_by, rule.edited_at = tree, plan.refresh_hours, by, at
    rule.save()
    segment.refresh_from_db()
    return segment


@transaction.atomic
def duplicate_segment(*, segment: Segment, by: User | None, at: datetime) -> Segment:
    """A segment with the same rule, to be changed without changing this one."""
    rule = SegmentRule.objects.get(segment=segment)
    plan = RulePlan(_another(segment.name, "copy"), rule.tree, segment.description, rule.refresh_hours)
    return create_segment(plan=plan, by=by, at=at)


@transaction.atomic
def freeze_segment(*, segment: Segment, at: datetime) -> Segment:
    """A segment of those who are in this one now, which nothing changes any more; this one goes on."""
    name = _another(segment.name, f"as of {at.day} {at:%b %Y}")
    frozen = Segment.objects.create(
        kind=segment.kind if segment.kind == Segment.Kind.RULE else Segment.Kind.IMPORTED,
        name=name, description=segment.description, created_at=at, frozen_at=at,
    )  # fmt: skip
    rule = SegmentRule.objects.filter(segment=segment).first()
    if rule is not None:
        SegmentRule.objects.create(
            segment=frozen, tree=rule.tree, refresh_hours=rule.refresh_hours, edited_by=rule.edited_by,
            edited_at=rule.edited_at,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COPY_MEMBERS, [frozen.pk, at, f"Was in “{segment.name}”"[:200], segment.pk])
    return frozen


def rename_segment(*, segment: Segment, name: str, description: str) -> Segment:
    _check_words(name, description)
    segment.name, segment.description = name.strip(), description.strip()
    segment.save(update_fields=["name", "description"])
    return segment


@transaction.atomic
def delete_segment(*, segment: Segment) -> None:
    """Raises SegmentInUse while anything stands on it."""
    Segment.objects.select_for_update().get(pk=segment.pk)
    uses = uses_of(segment)
    if uses:
        more = f" and {len(uses) - 3} more" if len(uses) > 3 else ""
        raise SegmentInUse(f"“{segment}” is used by {', '.join(uses[:3])}{more}. Take it out there first.")
    SegmentMembership.objects.filter(segment=segment)._raw_delete("default")
    segment.delete()


@transaction.atomic
def start_refresh(*, segment: Segment, by: User | None, at: datetime) -> Job:
    """Have a worker look at everybody; the job that is at it already, if one is."""
    one_at_a_time(f"{TASK} {segment.pk}")
    waiting = Job.objects.filter(task=TASK, state__in=Job.OPEN_STATES, params__segment_ids=[segment.pk]).first()
    label = f"Refresh the segment “{segment.name}”"
    params = {"segment_ids": [segment.pk], "is_full": True}
    return waiting or create_job(task=TASK, label=label, params=params, by=by, at=at)


def _another(name: str, addition: str) -> str:
    return f"{name[: LONGEST_NAME - len(addition) - 3]} ({addition})"


def _checked(plan: RulePlan, segment: Segment | None, at: datetime) -> Rule:
    _check_words(plan.name, plan.description)
    if not 1 <= plan.refresh_hours <= LONGEST_REFRESH_HOURS:
        raise SegmentRefused("refresh_hours", f"Write a number of hours from 1 to {LONGEST_REFRESH_HOURS}.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    moment = moment_of_rules(at)
    rule = read_rule(plan.tree, catalogue_of(plan.tree, without=segment.pk if segment else None))
    check_values(rule)
    if segment is not None:
        _check_circle(segment, written(rule))
    check_cost(rule, moment)
    return rule


def _check_words(name: str, description: str) -> None:
    if not name.strip() or len(name.strip()) > LONGEST_NAME or "\0" in name:
        raise SegmentRefused("name", f"Give the segment a name of at most {LONGEST_NAME} characters.")
    if len(description.strip()) > LONGEST_DESCRIPTION or "\0" in description:
        raise SegmentRefused("description", f"Describe it in at most {LONGEST_DESCRIPTION} characters.")


def _check_circle(segment: Segment, tree: object) -> None:
    """Nobody can say who is in a segment that, by way of others, asks about itself."""
    asking, reached = [segment.pk], {segment.pk}
    while asking:
        for rule in rules_about(asking.pop()):
            if rule.segment_id in segments_in(tree):
                raise RuleRefused((), f"“{rule.segment}” asks about this segment itself. Take it out of the rule.")
            if rule.segment_id not in reached:
                reached.add(rule.segment_id)
                asking.append(rule.segment_id)
