"""Who is in segments by rule, kept up to date: everybody on schedule, and at once those of whom something changed."""

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from loyalty.models import Job
from loyalty.queries.marks import change_mark, changed_since
from loyalty.services.jobs import create_job
from loyalty.services.progress import Progress
from segments.engine.rules.catalogue import Catalogue
from segments.engine.rules.notation import RuleRefused, read_rule
from segments.engine.rules.tree import Rule, conditions
from segments.engine.rules.truth import deciding
from segments.engine.rules.words import told
from segments.models import SegmentMembership, SegmentRefresh, SegmentRule
from segments.queries.refreshes import going_on, is_due_fully, n_customers, newest_refresh
from segments.queries.rules.catalogue import catalogue_of, moment_of_rules
from segments.queries.rules.compiling import Moment, answers_question, members_question, tables_of
from segments.queries.uses import in_order, segments_in
from segments.services.memberships import Members, Moved, keep_members
from segments.services.rules import TASK

# With more of them than this it is quicker to look at everybody.
MOST_CHANGED_SHARE, FEWEST_CHANGED = 0.05, 1_000
# Reasons are looked up for so many who moved at once; more than that moved for a reason of the whole.
MOST_EXPLAINED, EXPLAINED_AT_ONCE = 20_000, 2_000
# A belt: what is cheap by the plan must not hold the database for long when the plan is wrong.
BELT = "SET LOCAL work_mem = '256MB'; SET LOCAL statement_timeout = '10min'"
# Of everybody nothing is looked up one by one, whatever the planner guesses.
HASHED, ONE_BY_ONE = "SET LOCAL enable_nestloop = off", "SET LOCAL enable_nestloop = on"
# Found before they are written down: PostgreSQL uses more than one process only for a statement that changes no table.
FOUND = "CREATE TEMPORARY TABLE who_fits AS {}"
FORGET = "DROP TABLE IF EXISTS pg_temp.who_fits"
WHO_FITS = Members("SELECT customer_id FROM who_fits")
MADE, CHANGED, DATA = "The segment was made", "The rule was changed", "What is known of them was changed"


@dataclass(frozen=True)
class _Look:
    """One look at who fits: by which rule, at what moment, who of all."""

    rule: Rule
    catalogue: Catalogue
    moment: Moment
    among: Sequence[int] | None


@transaction.atomic
def make_due(*, at: datetime) -> Job | None:
    """Queue a look at what is due or changed; never two at once."""
    if Job.objects.filter(task=TASK, state__in=Job.OPEN_STATES).exists():
        return None
    if not _is_anything_due(at):
        return None
    return create_job(task=TASK, label="Refresh segments", params={}, by=None, at=at)


def _is_anything_due(at: datetime) -> bool:
    rules = list(going_on())
    if any(is_due_fully(rule, at) for rule in rules):
        return True
    # Many rules look at the same tables and were refreshed together.
    asked = {(_mark(rule), frozenset(_tables(rule))) for rule in rules}
    return any(_has_changed(mark, tables) for mark, tables in asked)


def _has_changed(mark: int, tables: Collection[str]) -> bool:
    changed = changed_since(mark, tables=tables)
    return changed.is_everybody or bool(changed.customer_ids)


def _mark(rule: SegmentRule) -> int:
    return int(rule.mark)  # type: ignore[attr-defined]


def _tables(rule: SegmentRule) -> set[str]:
    """Nothing is known to change for a rule that is not understood any more."""
    try:
        return tables_of(read_rule(rule.tree, catalogue_of(rule.tree)))
    except RuleRefused:
        return set()


def refresh_segments(
    *, segment_ids: Sequence[int] | None, is_full: bool, at: datetime, report: Progress
) -> dict[str, Any]:
    """Refresh some segments, or all that are due or changed. Each is one transaction: what is done stays done."""
    rules = going_on()
    if segment_ids is not None:
        rules = rules.filter(segment__in=segment_ids)
    ordered, moved, n_done = in_order(rules), set[int](), 0
    mark = change_mark()
    for number, rule in enumerate(ordered):
        report(number, len(ordered), f"Looking at who is in “{rule.segment}”")
        asks_about_moved = bool(segments_in(rule.tree) & moved)
        done = refresh_segment(rule=rule, mark=mark, is_full=is_full or asks_about_moved, at=at, report=report)
        n_done += done is not None
        if done is not None and (done.n_entered or done.n_left):
            moved.add(rule.segment_id)
    return {"n_segments": n_done, "n_moved": len(moved)}


def refresh_segment(
    *, rule: SegmentRule, mark: int, is_full: bool, at: datetime, report: Progress
) -> SegmentRefresh | None:
    """Look at everybody when that is due or asked for, else at those who changed. None when nobody did.

    `mark` was read before: what is written from then on is looked at the next time.
    """
    began = time.monotonic()
    moment = moment_of_rules(at)
    try:
        words = catalogue_of(rule.tree, without=rule.segment_id)
        tree = read_rule(rule.tree, words)
    except RuleRefused as refused:
        return _in_trouble(rule, moment, mark, refused, report)
    among = None if is_full or is_due_fully(rule, at) else _changed(rule, tree)
    if among is not None and not among:
        return None
    look = _Look(tree, words, moment, among)
    with report.writing():
        before = newest_refresh(rule.segment_id)
        moved = _keep(rule, look, _because(rule, before))
        _explain(rule, look, before, moved)
        return SegmentRefresh.objects.create(
            segment_id=rule.segment_id, at=at, as_of=moment.as_of, version=rule.version, is_full=among is None,
            seconds=time.monotonic() - began, n_entered=moved.n_entered, n_left=moved.n_left,
            n_members=_n_members(rule), mark=mark, job_id=report.job_id,
        )  # fmt: skip


def _changed(rule: SegmentRule, tree: Rule) -> Sequence[int] | None:
    changed = changed_since(_mark(rule), tables=tables_of(tree))
    most = max(FEWEST_CHANGED, MOST_CHANGED_SHARE * n_customers())
    return None if changed.is_everybody or len(changed.customer_ids) > most else sorted(changed.customer_ids)


def _because(rule: SegmentRule, before: SegmentRefresh | None) -> str:
    """Why everybody who moves now does; what decided for each of them is looked up afterwards."""
    if before is None:
        return MADE
    return DATA if before.version == rule.version else CHANGED


def _keep(rule: SegmentRule, look: _Look, because: str) -> Moved:
    with connection.cursor() as cursor:
        cursor.execute(BELT)
    members = _found(look) if look.among is None else _asked(look)
    moved = keep_members(segment=rule.segment, members=members, at=look.moment.at, because=because, among=look.among)
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
    return moved


def _asked(look: _Look) -> Members:
    return Members(*members_question(look.rule, look.moment, among=look.among).by_position())


def _found(look: _Look) -> Members:
    asked = _asked(look)
    with connection.cursor() as cursor:
        cursor.execute(HASHED)
        cursor.execute(FORGET)
        cursor.execute(FOUND.format(asked.sql), asked.params)
        cursor.execute(ONE_BY_ONE)
        cursor.execute("ANALYZE who_fits")
    return WHO_FITS


def _n_members(rule: SegmentRule) -> int:
    return SegmentMembership.objects.filter(segment=rule.segment_id, valid_until=None).count()


def _in_trouble(rule: SegmentRule, moment: Moment, mark: int, refused: RuleRefused, report: Progress) -> SegmentRefresh:
    """A rule that was understood once and is no more: its members stay, and the page says why."""
    report.note(f"“{rule.segment}” was left as it is. {refused}")
    return SegmentRefresh.objects.create(
        segment_id=rule.segment_id, at=moment.at, as_of=moment.as_of, version=rule.version, is_full=True, seconds=0,
        n_members=_n_members(rule), mark=mark, trouble=str(refused)[:300], job_id=report.job_id,
    )  # fmt: skip


def _explain(rule: SegmentRule, look: _Look, before: SegmentRefresh | None, moved: Moved) -> None:
    """Write down for each who moved which condition decided, where it was not the rule that changed."""
    if before is None or before.version != rule.version or moved.n_entered + moved.n_left > MOST_EXPLAINED:
        return
    mine = SegmentMembership.objects.filter(segment=rule.segment_id)
    earlier = Moment(before.as_of, before.at)
    _write_reasons(mine.filter(valid_from=look.moment.at), "entered_because", look, earlier)
    _write_reasons(mine.filter(valid_until=look.moment.at), "left_because", look, earlier)


def _write_reasons(rows: QuerySet[SegmentMembership], field: str, look: _Look, earlier: Moment) -> None:
    ids = list(rows.values_list("customer_id", flat=True))
    for start in range(0, len(ids), EXPLAINED_AT_ONCE):
        for because, keys in _reasons(ids[start : start + EXPLAINED_AT_ONCE], look, earlier).items():
            rows.filter(customer_id__in=keys).update(**{field: because[:200]})


def _reasons(ids: Collection[int], look: _Look, earlier: Moment) -> dict[str, list[int]]:
    """Customers by what decided: the answers as of both moments, both by what is known now."""
    then, now = _answers(look.rule, earlier, ids), _answers(look.rule, look.moment, ids)
    asked = list(conditions(look.rule))
    found: dict[str, list[int]] = defaultdict(list)
    for key in ids:
        place = deciding(look.rule, then[key], now[key])
        if place is None:
            found[DATA].append(key)
        else:
            text = told(asked[place], look.catalogue)
            found[f"{'Now' if now[key][place] else 'No longer'}: {text[:1].lower()}{text[1:]}"].append(key)
    return found


def _answers(rule: Rule, moment: Moment, ids: Collection[int]) -> dict[int, list[bool]]:
    question = answers_question(rule, moment, among=list(ids))
    with connection.cursor() as cursor:
        cursor.execute(question.sql, question.params)
        return {key: list(answers) for key, *answers in cursor.fetchall()}
