"""Rules in plain words: what a marketer reads instead of the tree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from segments.engine.rules.catalogue import Catalogue, Happening
from segments.engine.rules.tree import (
    Allows,
    Comparison,
    Condition,
    Events,
    Every,
    Inside,
    Not,
    Rule,
    Some,
    Span,
    Value,
)

COMPARED = {
    "at_least": "at least {}",
    "at_most": "at most {}",
    "more_than": "more than {}",
    "less_than": "less than {}",
    "exactly": "exactly {}",
    "between": "{} to {}",
}
CONSENTS = {
    "granted": "Allows {purpose} by {channel}",
    "refused": "Refused {purpose} by {channel}",
    "unasked": "Was never asked about {purpose} by {channel}",
}
MOST_NAMED = 3


@dataclass(frozen=True)
class Line:
    """A line of a rule as a list: how deep it stands, its place, its words."""

    depth: int
    place: str
    text: str
    is_group: bool = False


def sentence(rule: Rule, catalogue: Catalogue) -> str:
    """The whole rule as one sentence."""
    text = _joined(rule, catalogue)
    return f"{text[:1].upper()}{text[1:]}."


def _joined(rule: Rule, catalogue: Catalogue, *, is_inner: bool = False) -> str:
    if isinstance(rule, Every | Some):
        word = " and " if isinstance(rule, Every) else " or "
        text = word.join(_joined(part, catalogue, is_inner=True) for part in rule.parts)
        return f"({text})" if is_inner and len(rule.parts) > 1 else text
    if isinstance(rule, Not):
        return f"not: {_joined(rule.part, catalogue, is_inner=True)}"
    text = told(rule, catalogue)
    return text[:1].lower() + text[1:]


def lines(rule: Rule, catalogue: Catalogue) -> Sequence[Line]:
    """The rule as an indented list, one line a group and a condition."""
    return list(_lines(rule, catalogue, (), 0))


def _lines(rule: Rule, catalogue: Catalogue, path: tuple[int, ...], depth: int) -> Iterator[Line]:
    place = ".".join(map(str, path))
    if isinstance(rule, Every | Some):
        head = "All of these hold" if isinstance(rule, Every) else "At least one of these holds"
        yield Line(depth, place, head, is_group=True)
        for number, part in enumerate(rule.parts, start=1):
            yield from _lines(part, catalogue, (*path, number), depth + 1)
    elif isinstance(rule, Not):
        part = rule.part
        if isinstance(part, Every | Some | Not):
            yield Line(depth, place, "This does not hold", is_group=True)
            yield from _lines(part, catalogue, path, depth + 1)
        else:
            yield Line(depth, place, f"Not: {told(part, catalogue)}")
    else:
        yield Line(depth, place, told(rule, catalogue))


def told(condition: Condition, catalogue: Catalogue) -> str:
    """One condition in words, without a full stop."""
    match condition:
        case Value():
            return _value(condition, catalogue)
        case Allows(purpose, channel, state):
            return CONSENTS[state].format(purpose=purpose, channel=channel)
        case Inside(segment):
            return f"Is in the segment “{catalogue.segments.get(segment, 'that is gone')}”"
        case Events():
            return _events(condition, catalogue)


def _value(value: Value, catalogue: Catalogue) -> str:
    known = catalogue.value(value.kind, value.name)
    if known is None:
        return f"“{value.name}”, which is not known any more"
    if value.test.operator == "known":
        return f"{known.label} is known"
    if known.type == "word":
        return f"{known.label} {_word_test(value.test)}"
    if known.type == "share":
        return f"{known.label}: {compared(value.test, is_share=True)}"
    unit = "" if known.unit in ("", "money") else f" {known.unit}"
    return f"{known.label}: {compared(value.test)}{unit}"


def _word_test(test: Comparison) -> str:
    named = [f"“{word}”" for word in test.operands]
    if test.operator == "is_not":
        return f"is not {named[0]}"
    return f"is {_listed(named)}"


def _listed(named: Sequence[str]) -> str:
    if len(named) > MOST_NAMED:
        return f"{', '.join(named[: MOST_NAMED - 1])} or {len(named) - MOST_NAMED + 1} others"
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def compared(test: Comparison, *, is_share: bool = False) -> str:
    """`at least 3`; shares become percent."""
    numbers = [_number(100 * float(one) if is_share else one) + ("%" if is_share else "") for one in test.operands]
    return COMPARED[test.operator].format(*numbers)


def _number(value: float | str) -> str:
    number = float(value)
    return f"{int(number):,}" if number.is_integer() else f"{number:,.10g}"


def _events(events: Events, catalogue: Catalogue) -> str:
    happening = catalogue.happenings.get(events.kind)
    if happening is None:
        return f"“{events.kind}”, which is not known any more"
    never = _is_never(events)
    parts = [happening.negated if never else happening.phrase]
    parts += [_about(name, values, happening) for name, values in events.about]
    parts += [] if never or _is_once(events) else [_count(name, test, happening) for name, test in events.counts]
    return " ".join(part for part in [*parts, when(events.span)] if part)


def _is_never(events: Events) -> bool:
    zeros = (Comparison("exactly", (0,)), Comparison("at_most", (0,)), Comparison("less_than", (1,)))
    return len(events.counts) == 1 and events.counts[0][0] == "times" and events.counts[0][1] in zeros


def _is_once(events: Events) -> bool:
    return events.counts == (("times", Comparison("at_least", (1,))),)


def _about(name: str, values: Sequence[str], happening: Happening) -> str:
    field = happening.field(name)
    return field.phrase.format(_listed([f"“{one}”" for one in values])) if field else name


def _count(name: str, test: Comparison, happening: Happening) -> str:
    measure = happening.measure(name)
    return measure.phrase.format(compared(test)) if measure else name


def when(span: Span) -> str:
    """`in the last 30 days`; empty for ever."""
    if span.days is not None:
        first, last = span.days
        days = "day" if first == 1 else f"{first:,} days"
        return f"in the last {days}" if last == 0 else f"{first:,} to {last:,} days ago"
    named = [f"{word} {day.day} {day:%b %Y}" for word, day in (("from", span.since), ("before", span.before)) if day]
    return " and ".join(named)
