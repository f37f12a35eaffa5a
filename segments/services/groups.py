"""Divide customers by RFM and by lifecycle, keep who is in which group, and how they moved from month to month."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loyalty.queries.silence import date_of
from loyalty.services.progress import Progress
from loyalty.templatetags.formats import day as on_day
from segments.engine.histories import Standing
from segments.engine.lifecycle import LifecycleSpec, find_lifecycle
from segments.engine.migration import Migration, migration
from segments.engine.rfm import GROUPS, MEANINGS, Rfm, RfmSpec, rfm, ties_sentence
from segments.engine.rhythm import TooLittleHistory
from segments.engine.states import states_over_time
from segments.models import GroupReport, Segment
from segments.queries.histories import ShopHistory, shop_history
from segments.services.memberships import Members, keep_members

Ints = NDArray[np.int64]
Kind = GroupReport.Kind
STEPS = 3
# The mean of fewer customers has no interval worth the name.
FEWEST_FOR_INTERVAL = 10
NOBODY = "There are no orders yet, so there is nobody to score."
STATE_NAMES = ("Lead", "First time", "Active", "At risk", "Inactive", "Won back")
STATE_MEANINGS = {
    "Lead": "Known to the shop, has not ordered yet.",
    "First time": "Has ordered on one day, and not too long ago.",
    "Active": "Keeps to their own rhythm, more or less.",
    "At risk": "Silent so long, by their own rhythm, that coming back is half as likely as usual, or less.",
    "Inactive": "Silent so long, by their own rhythm, that coming back is a quarter as likely as usual, or less.",
    "Won back": "Came back after having been inactive; Active again after ordering on more than three days.",
}


def rfm_of(shop: ShopHistory, spec: RfmSpec) -> tuple[Ints, dict[str, Any]]:
    """The group of every customer, and all there is to tell of the groups."""
    standing = shop.histories.standing(shop.as_of_day)
    found = rfm(standing, spec)
    days = shop.month_days
    groups = np.array([rfm(shop.histories.standing(day), spec).group for day in days])
    return found.group, {
        "bounds": [[value if np.isfinite(value) else None for value in bound] for bound in found.bounds],
        "ties": ties_sentence(found.bounds),
        "cells": _cells(found, standing),
        "groups": _group_facts(found.group, standing, GROUPS),
        **_moves(migration(groups, len(GROUPS)), days),
    }


def lifecycle_of(shop: ShopHistory, spec: LifecycleSpec) -> tuple[Ints, dict[str, Any]]:
    """The state of every customer, and all there is to tell of the states. Raises TooLittleHistory."""
    visits = shop.histories.visits()
    found = find_lifecycle(visits, as_of_day=shop.as_of_day, spec=spec)
    days = shop.month_days
    states = states_over_time(visits, found.rule, days, shop.known_from)
    return states[-1], {
        "rule": _finite(asdict(found.rule)),
        "chosen_on": date_of(found.rule.chosen_on_day).isoformat(),
        "came_back": [asdict(one) for one in found.came_back],
        "n_moments": found.n_moments,
        "groups": _group_facts(states[-1], shop.histories.standing(shop.as_of_day), STATE_NAMES),
        **_moves(migration(states, len(STATE_NAMES)), days),
    }


def read_rfm(*, spec: RfmSpec, as_of: datetime, at: datetime, report: Progress) -> GroupReport:
    """Score everybody as of a moment and write down who is in which group. The same job writes once."""
    done = _made_by(report, Kind.RFM)
    if done is not None:
        return done
    report(0, STEPS, "Reading orders")
    shop = shop_history(as_of=as_of)
    if not (shop.histories.orders > 0).any():
        return _refused(Kind.RFM, asdict(spec), as_of, at, report, NOBODY)
    report(1, STEPS, "Scoring customers, today and in the months before")
    group, facts = rfm_of(shop, spec)
    report(2, STEPS, "Writing who is in which group")
    told = GroupReport(kind=Kind.RFM, as_of=as_of, spec=asdict(spec), facts=facts, currency=shop.currency, made_at=at)
    return _write(told, shop, group, GROUPS, MEANINGS, report)


def read_lifecycle(*, spec: LifecycleSpec, as_of: datetime, at: datetime, report: Progress) -> GroupReport:
    """Say of everybody where they are by their own rhythm. The same job writes once."""
    done = _made_by(report, Kind.LIFECYCLE)
    if done is not None:
        return done
    report(0, STEPS, "Reading orders")
    shop = shop_history(as_of=as_of)
    report(1, STEPS, "Learning everybody's rhythm")
    try:
        group, facts = lifecycle_of(shop, spec)
    except TooLittleHistory as problem:
        return _refused(Kind.LIFECYCLE, asdict(spec), as_of, at, report, str(problem))
    report(2, STEPS, "Writing who is where")
    told = GroupReport(
        kind=Kind.LIFECYCLE, as_of=as_of, spec=asdict(spec), facts=facts, currency=shop.currency, made_at=at
    )
    return _write(told, shop, group, STATE_NAMES, STATE_MEANINGS, report)


def _made_by(report: Progress, kind: str) -> GroupReport | None:
    return GroupReport.objects.filter(job_id=report.job_id, kind=kind).first() if report.job_id else None


def _refused(kind: str, spec: dict[str, Any], as_of: datetime, at: datetime, report: Progress, why: str) -> GroupReport:
    """Nothing is told of the shop any more; who was in which group is left as it was."""
    with report.writing():
        GroupReport.objects.filter(kind=kind).delete()
        return GroupReport.objects.create(
            kind=kind, as_of=as_of, spec=spec, refusal=why, job_id=report.job_id, made_at=at
        )


def _write(
    told: GroupReport,
    shop: ShopHistory,
    group: Ints,
    names: Sequence[str],
    meanings: dict[str, str],
    report: Progress,
) -> GroupReport:
    because = f"{told.get_kind_display()} as of {on_day(told.as_of)}"
    with report.writing():
        GroupReport.objects.filter(kind=told.kind).delete()
        told.job_id = report.job_id
        told.save()
        for number, name in enumerate(names):
            segment, _ = Segment.objects.get_or_create(
                kind=told.kind,
                number=number,
                defaults={"name": name, "description": meanings[name], "created_at": told.made_at},
            )
            members = Members.of(shop.customer_ids[group == number].tolist())
            keep_members(segment=segment, members=members, at=told.made_at, because=because)
    report.note(f"{told.get_kind_display()} of {int((group >= 0).sum()):,} customers.")
    return told


def _group_facts(group: Ints, standing: Standing, names: Sequence[str]) -> list[dict[str, Any]]:
    """Of every group its size, what its people spent together and each, and how its middle customer stands."""
    return [_facts_of(name, group == number, standing) for number, name in enumerate(names)]


def _facts_of(name: str, inside: NDArray[np.bool_], standing: Standing) -> dict[str, Any]:
    spend = standing.spend[inside]
    n = len(spend)
    mean = float(spend.mean()) if n else 0.0
    half = 1.96 * float(spend.std(ddof=1)) / n**0.5 if n >= FEWEST_FOR_INTERVAL else None
    bought = inside & standing.has_ordered
    return {
        "name": name,
        "n_customers": n,
        "spend": float(spend.sum()),
        "spend_each": mean,
        "spend_low": mean - half if half is not None else None,
        "spend_high": mean + half if half is not None else None,
        "recency_days": _middle(standing.recency_days[bought]),
        "orders": _middle(standing.orders[bought]),
        "spend_middle": _middle(standing.spend[bought]),
    }


def _middle(values: NDArray[Any]) -> float | None:
    return float(np.median(values)) if len(values) else None


def _cells(found: Rfm, standing: Standing) -> list[dict[str, Any]]:
    """Customers and spend of every pair of scores for the last order and the number of orders."""
    some = standing.has_ordered
    scores, spend, group = found.scores[some], standing.spend[some], found.group[some]
    pairs, place = np.unique(scores[:, :2], axis=0, return_inverse=True)
    place = place.ravel()
    counts, money = np.bincount(place), np.bincount(place, spend)
    most = [int(np.bincount(group[place == row]).argmax()) for row in range(len(pairs))]
    return [
        {"recency": int(r), "frequency": int(f), "n_customers": int(n), "spend": float(m), "group": GROUPS[g]}
        for (r, f), n, m, g in zip(pairs.tolist(), counts, money, most, strict=True)
    ]


def _moves(moves: Migration, days: Sequence[int]) -> dict[str, Any]:
    return {
        "months": [date_of(day).isoformat() for day in days],
        "moved": moves.moved.tolist(),
        "arrived": moves.arrived.tolist(),
        "came_again": moves.came_again.tolist(),
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity: where no silence is long enough, there is nothing."""
    return {
        name: _finite(value)
        if isinstance(value, dict)
        else None
        if isinstance(value, float) and not np.isfinite(value)
        else value
        for name, value in values.items()
    }
