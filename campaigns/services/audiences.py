"""Choose whom a campaign reaches, and freeze the choice with a score, an interval and a reason for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from campaigns.engine.audience import Advice, Cut, break_even, expected_profit, rank, recommend_cut
from campaigns.engine.audience.fairness import equalise
from campaigns.engine.audience.gates import Stop, StopArray, first_stop
from campaigns.engine.frames import BoolArray, IntArray
from campaigns.engine.simulation import stream
from campaigns.models import Audience, Campaign
from campaigns.queries.candidates import audience_member_ids, refused_ids, segment_member_ids
from campaigns.queries.reach import TRAITS, traits_of
from campaigns.services.audience_effects import CannotRankByEffect, Changed, changed_by
from campaigns.services.audience_findings import findings
from campaigns.services.audience_limits import closed_gates, why_nobody
from campaigns.services.audience_seeds import look_alikes
from campaigns.services.members import write_members
from campaigns.services.scoring import Scored
from segments.models import Segment

Kind = Audience.Kind
# When nobody pays, what the best tenth would bring is shown instead of nothing.
SHARE_SHOWN_WHEN_NOBODY_PAYS = 0.1


class AudienceEmpty(Exception):
    """Nobody is left to send to."""


@dataclass(frozen=True)
class Choice:
    """Who was chosen, best first, and what is advised about everybody who may be sent to.

    `allowed` are the rows of those; `stops` says of every customer where they fell out; `found` is what a page tells.
    """

    name: str
    rule: dict[str, Any]
    rows: IntArray
    cut: Cut
    advice: str
    allowed: IntArray
    stops: StopArray
    found: dict[str, Any]
    # Where people are ranked by what a message changes in them, and not by their response.
    changed: Changed | None = None


def allowed_rows(scored: Scored) -> IntArray:
    """Everybody who has not refused the campaign's channel: consent comes before any score."""
    refused = refused_ids(channel=scored.campaign.channel, as_of=scored.as_of)
    return np.flatnonzero(~np.isin(scored.customers.customer_ids, refused)).astype(np.int64)


def choose(scored: Scored, rule: Mapping[str, Any], *, seed: int = 0) -> Choice:
    """Apply an audience rule, `{"kind": ...}` and what that kind needs.

    Raises AudienceEmpty, TooFewSeeds, NothingInCommon.
    """
    asked = _asked(scored, rule, seed)
    rows, allowed = asked.rows, asked.allowed
    stops = _stops(asked)
    told = scored.for_rule(rule)
    found = {**findings(told, stops, allowed, rows, seed), **asked.wanted.found, **asked.picked.found}
    changed, ranked = asked.changed, asked.wanted.rows
    if changed is not None:
        found["changed"] = changed.as_json(rows, allowed, ranked)
    return Choice(
        name=_name(rule, len(rows)),
        rule=dict(rule),
        rows=rows,
        cut=asked.cut,
        advice=changed.advice(ranked, allowed) if changed else _advice(asked.cut, told, allowed, rows),
        allowed=allowed,
        stops=stops,
        found=found,
        changed=changed,
    )


def chosen_rows(scored: Scored, rule: Mapping[str, Any], *, seed: int = 0) -> IntArray:
    """Whom a rule reaches, best first, and nothing else of them. Raises what `choose` does."""
    return _asked(scored, rule, seed).rows


def choose_sent(scored: Scored, audience: Audience) -> Choice:
    """The people a campaign really was sent to, whoever may have refused since. Raises AudienceEmpty."""
    rows = _best_first(scored, scored.rows_of(audience_member_ids(audience.pk)))
    if len(rows) == 0:
        raise AudienceEmpty(f"“{audience}” has no members. Import the recipients of the campaign first.")
    allowed = allowed_rows(scored)
    cut = recommend_cut(scored.picked.plan(allowed))
    stops = np.full(len(scored.customers), Stop.NOT_ASKED_FOR, dtype=np.int16)
    stops[rows] = Stop.CHOSEN
    advice = _advice(cut, scored, allowed, rows)
    return Choice(audience.name, {"kind": audience.kind}, rows, cut, advice, allowed, stops, {})


def build_audience(choice: Choice, scored: Scored, *, at: datetime, seed: int, job_id: int | None) -> Audience:
    """Write the audience and its members, in the caller's transaction."""
    audience = Audience.objects.create(
        name=choice.name,
        kind=choice.rule["kind"],
        rule=choice.rule,
        as_of=scored.as_of,
        advice=choice.advice,
        made_for=scored.campaign,
        model_version=scored.learnt.version,
        seed=seed,
        findings=choice.found,
        job_id=job_id,
        created_at=at,
    )
    write_members(audience, choice.rows, scored.for_rule(choice.rule), stream(seed, "members"), choice.changed)
    return audience


@dataclass(frozen=True)
class _Rows:
    """Rows, best first, and what is to be told of how they came."""

    rows: IntArray
    found: dict[str, Any]


@dataclass(frozen=True)
class _Asked:
    """From everybody to those who are reached: who may be, whom the rule asks for, who pays back, who is paid for."""

    closed: dict[Stop, BoolArray]
    allowed: IntArray
    cut: Cut
    wanted: _Rows
    picked: _Rows
    rows: IntArray
    changed: Changed | None


def _asked(scored: Scored, rule: Mapping[str, Any], seed: int) -> _Asked:
    closed = closed_gates(scored, rule)
    allowed = np.flatnonzero(~np.any(list(closed.values()), axis=0)).astype(np.int64)
    if len(allowed) == 0:
        raise AudienceEmpty(why_nobody(closed))
    cut = recommend_cut(scored.picked.plan(allowed))
    changed = _changed(scored, rule)
    wanted = _wanted(scored, rule, allowed, seed) if changed is None else _changed_most(scored, changed, allowed)
    picked = _picked(scored, rule, allowed, wanted.rows, cut, changed)
    if len(picked.rows) == 0:
        raise AudienceEmpty("Nobody is left to send to. Choose another audience.")
    rows = picked.rows[: _affordable(scored.campaign)]
    if len(rows) == 0:
        raise AudienceEmpty("The budget does not pay for one contact. Raise it, or leave it empty.")
    return _Asked(closed, allowed, cut, wanted, picked, rows, changed)


def _wanted(scored: Scored, rule: Mapping[str, Any], allowed: IntArray, seed: int) -> _Rows:
    """Whom the rule asks for, of those who may be written to."""
    if rule["kind"] == Kind.LOOKALIKE:
        return _alike(scored, rule, allowed, seed)
    return _Rows(_best_first(scored, np.intersect1d(_asked_for(scored, rule), allowed)), {})


def _changed(scored: Scored, rule: Mapping[str, Any]) -> Changed | None:
    try:
        return changed_by(scored, rule)
    except CannotRankByEffect as why:
        raise AudienceEmpty(str(why)) from why


def _changed_most(scored: Scored, changed: Changed, allowed: IntArray) -> _Rows:
    """Those whom the message changes for the better, the most first. Whom it changes for the worse is left alone."""
    rows = changed.best_first(allowed, scored.customers.customer_ids)
    if len(rows) == 0:
        raise AudienceEmpty(f"“{changed.model.arm}” is expected to change nobody for the better. Send it to nobody.")
    return _Rows(rows, {})


def _alike(scored: Scored, rule: Mapping[str, Any], allowed: IntArray, seed: int) -> _Rows:
    """The likest of those who are not on the list themselves: as many as asked for, or as are on the list."""
    alike = look_alikes(scored, rule, seed)
    others = allowed[~alike.is_seed[allowed]]
    likest = others[rank(alike.ranking.scores[others], scored.customers.customer_ids[others])]
    kept = likest[: int(rule.get("n") or alike.ranking.n_seeds)]
    return _Rows(_best_first(scored, kept), {"alike": alike.as_json()})


def _picked(
    scored: Scored, rule: Mapping[str, Any], allowed: IntArray, wanted: IntArray, cut: Cut, changed: Changed | None
) -> _Rows:
    """Of the best as many as pay back, or as were asked for; of other kinds all."""
    if rule["kind"] != Kind.BEST:
        return _Rows(wanted, {})
    if changed is not None:
        return _Rows(wanted[: changed.depth(wanted, rule.get("n"))], {})
    depth = _depth(rule, cut, len(wanted))
    if not rule.get("equal_by"):
        return _Rows(wanted[:depth], {})
    return _equal(scored, str(rule["equal_by"]), allowed, depth)


def _equal(scored: Scored, trait: str, allowed: IntArray, depth: int) -> _Rows:
    """As many, in equal shares of every value of a trait; what that gives up is told."""
    worth = expected_profit(scored.picked.plan(allowed))
    ids = scored.customers.customer_ids[allowed]
    fair = equalise(worth, traits_of(ids)[trait], depth, rank(scored.logits[allowed], ids))
    told = {"equal_by": trait, "label": TRAITS[trait], "cost": round(fair.cost, 2)}
    return _Rows(_best_first(scored, allowed[fair.rows]), {"equal": told})


def _stops(asked: _Asked) -> StopArray:
    n = len(next(iter(asked.closed.values())))
    return first_stop(
        {
            **asked.closed,
            Stop.NOT_ASKED_FOR: _all_but(asked.wanted.rows, n),
            Stop.NOT_WORTH_IT: _all_but(asked.picked.rows, n),
            Stop.BUDGET: _all_but(asked.rows, n),
        },
        n,
    )


def _all_but(rows: IntArray, n: int) -> BoolArray:
    others = np.ones(n, dtype=np.bool_)
    others[rows] = False
    return others


def _affordable(campaign: Campaign) -> int | None:
    """How many contacts the budget pays for; None where nothing limits them."""
    if campaign.budget is None or not campaign.cost_per_contact:
        return None
    return int(campaign.budget // campaign.cost_per_contact)


def _asked_for(scored: Scored, rule: Mapping[str, Any]) -> IntArray:
    if rule["kind"] == Kind.SEGMENT:
        return scored.rows_of(segment_member_ids(rule["segment_id"]))
    if rule["kind"] == Kind.IMPORTED:
        past = Campaign.objects.get(pk=rule["campaign_id"])
        return scored.rows_of(audience_member_ids(past.audience_id)) if past.audience_id else _no_rows()
    if rule["kind"] == Kind.PILOT:
        return scored.rows_of(audience_member_ids(rule["audience_id"]))
    return np.arange(len(scored.customers), dtype=np.int64)


def _no_rows() -> IntArray:
    return np.empty(0, dtype=np.int64)


def _best_first(scored: Scored, rows: IntArray) -> IntArray:
    return rows[rank(scored.logits[rows], scored.customers.customer_ids[rows])]


def _depth(rule: Mapping[str, Any], cut: Cut, n_allowed: int) -> int:
    if rule.get("n"):
        return int(rule["n"])
    if cut.advice == Advice.NOBODY:
        return max(round(n_allowed * SHARE_SHOWN_WHEN_NOBODY_PAYS), 1)
    return cut.depth


def _name(rule: Mapping[str, Any], n: int) -> str:
    if rule["kind"] == Kind.SEGMENT:
        return str(Segment.objects.get(pk=rule["segment_id"]))
    if rule["kind"] == Kind.IMPORTED:
        return f"The {n:,} people {Campaign.objects.get(pk=rule['campaign_id'])} was sent to"
    if rule["kind"] == Kind.PILOT:
        return f"The {n:,} people of the pilot"
    if rule["kind"] == Kind.BEST:
        if rule.get("uplift_model"):
            return f"The {n:,} people it is expected to change most"
        equal = f", in equal shares by {TRAITS[rule['equal_by']].lower()}" if rule.get("equal_by") else ""
        return f"The {n:,} people most likely to take it{equal}"
    if rule["kind"] == Kind.LOOKALIKE:
        return f"The {n:,} people most like those on the list"
    return f"Everybody ({n:,} people)"


def _advice(cut: Cut, scored: Scored, allowed: IntArray, rows: IntArray) -> str:
    currency = scored.campaign.currency
    if cut.advice == Advice.NOBODY:
        left, needed = scored.assumptions.for_engine().value_per_redemption, break_even(scored.plan(rows))
        return (
            f"Send to nobody: a redemption leaves {left:.2f} {currency} after its benefit, and these "
            f"{len(rows):,} people would pay for their contact only from {needed:.2f} {currency}."
        )
    if cut.advice == Advice.EVERYBODY:
        return "Send to everybody: even the least likely customer is expected to pay back."
    return f"Send to the {cut.depth:,} likeliest of {len(allowed):,}: the next one is not expected to pay back."
