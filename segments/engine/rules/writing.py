"""A rule as plain JSON, as `notation.read_rule` reads it."""

from __future__ import annotations

from typing import Any

from segments.engine.rules.notation import VERSION
from segments.engine.rules.tree import Allows, Comparison, Events, Every, Inside, Not, Rule, Some, Span, Value


def written(rule: Rule) -> dict[str, Any]:
    """The rule as plain JSON; `read_rule` gives the same rule back."""
    return {"version": VERSION, "rule": _written(rule)}


def _written(rule: Rule) -> dict[str, Any]:
    match rule:
        case Every(parts):
            return {"every": [_written(part) for part in parts]}
        case Some(parts):
            return {"some": [_written(part) for part in parts]}
        case Not(part):
            return {"not": _written(part)}
        case Value(kind, name, test):
            return {"kind": kind, "name": name, "test": _written_test(test)}
        case Allows(purpose, channel, state):
            return {"kind": "consent", "purpose": purpose, "channel": channel, "state": state}
        case Inside(segment):
            return {"kind": "segment", "segment": segment}
        case Events():
            return _written_events(rule)


def _written_events(events: Events) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": events.kind}
    if events.about:
        told["about"] = {name: list(values) for name, values in events.about}
    if events.span != Span():
        told["when"] = _written_span(events.span)
    told["counts"] = {name: _written_test(test) for name, test in events.counts}
    return told


def _written_test(test: Comparison) -> dict[str, Any]:
    if test.operator == "known":
        return {"known": True}
    if test.operator in ("between", "one_of"):
        return {test.operator: list(test.operands)}
    return {test.operator: test.operands[0]}


def _written_span(span: Span) -> dict[str, Any]:
    if span.days is not None:
        first, last = span.days
        return {"last_days": first} if last == 0 else {"days_ago": [first, last]}
    dates = {"since": span.since, "before": span.before}
    return {name: day.isoformat() for name, day in dates.items() if day is not None}
