"""Rules as JSON: read strictly, so that what is kept is what was meant, and written back the same.

`{"version": 1, "rule": {"every": [{"kind": "bought", "about": {"category": ["Wine"]}, "when": {"last_days": 90},
"counts": {"times": {"at_least": 3}}}, {"not": {"kind": "segment", "segment": 4}}]}}`
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NoReturn, get_args

from segments.engine.rules.catalogue import Catalogue, Happening, Known
from segments.engine.rules.tree import (
    Allows,
    Comparison,
    ConsentState,
    Events,
    Every,
    Inside,
    Not,
    NumberOperator,
    Rule,
    Some,
    Span,
    Value,
    WordOperator,
)

VERSION = 1
MOST_CONDITIONS, DEEPEST, MOST_VALUES, LONGEST_TEXT, LONGEST_DAYS = 50, 6, 100, 300, 36_500
LARGEST_NUMBER = 1e12
NUMBERS, WORDS = get_args(NumberOperator), get_args(WordOperator)
# How many numbers each comparison takes; one unless it is named here.
N_OPERANDS = {"between": 2, "known": 0}
Path = tuple[int, ...]


class RuleRefused(Exception):
    """A rule that cannot be used. The sentence names the place: condition 2.1 is the first part of the second."""

    def __init__(self, path: Path, sentence: str) -> None:
        self.path = path
        self.sentence = sentence
        place = ".".join(map(str, path))
        super().__init__(f"Condition {place}: {sentence}" if path else sentence)


def read_rule(data: Any, catalogue: Catalogue) -> Rule:
    """The rule that `data`, plain JSON, stands for.

    Raises
    ------
    RuleRefused
        Naming the first condition that is not understood and what to do.
    """
    if not isinstance(data, Mapping) or data.get("version") != VERSION or set(data) != {"version", "rule"}:
        raise RuleRefused((), f"A rule is an object with “version” ({VERSION}) and “rule”, and nothing else.")
    reader = _Reader(catalogue)
    rule = reader.rule(data["rule"], ())
    if not isinstance(rule, Every | Some):
        rule = Every((rule,))
    return rule


class _Reader:
    """Reads one rule and counts its conditions."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.n_conditions = 0

    def rule(self, data: Any, path: Path, depth: int = 1) -> Rule:
        if depth > DEEPEST:
            raise RuleRefused(path, f"Groups go at most {DEEPEST} deep. Take this one out of the group around it.")
        if not isinstance(data, Mapping):
            raise RuleRefused(path, "A condition is an object, such as {“kind”: “segment”, “segment”: 4}.")
        for word, joined in (("every", Every), ("some", Some)):
            if word in data:
                _only(data, {word}, path)
                return joined(self.parts(data[word], path, depth))
        if "not" in data:
            _only(data, {"not"}, path)
            return Not(self.rule(data["not"], path, depth + 1))
        return self.condition(data, path)

    def parts(self, data: Any, path: Path, depth: int) -> tuple[Rule, ...]:
        if not isinstance(data, list) or not data:
            raise RuleRefused(path, "This group is empty. Add a condition to it or take it out.")
        return tuple(self.rule(part, (*path, place), depth + 1) for place, part in enumerate(data, start=1))

    def condition(self, data: Mapping[str, Any], path: Path) -> Rule:
        self.n_conditions += 1
        if self.n_conditions > MOST_CONDITIONS:
            raise RuleRefused(path, f"A rule has at most {MOST_CONDITIONS} conditions. Take some out.")
        kind = data.get("kind")
        if kind in ("feature", "prediction"):
            return self.value(data, path)
        if kind == "consent":
            return self.consent(data, path)
        if kind == "segment":
            return self.inside(data, path)
        happening = self.catalogue.happenings.get(kind) if isinstance(kind, str) else None
        if happening is None:
            known = ", ".join(["feature", "prediction", "consent", "segment", *self.catalogue.happenings])
            raise RuleRefused(path, f"There is no such kind of condition. Choose one of: {known}.")
        return self.events(data, happening, path)

    def value(self, data: Mapping[str, Any], path: Path) -> Value:
        _only(data, {"kind", "name", "test"}, path)
        name = data.get("name")
        known = (
            self.catalogue.value(data["kind"], name) if isinstance(name, str) and len(name) <= LONGEST_TEXT else None
        )
        if known is None or not isinstance(name, str):
            raise RuleRefused(path, f"There is no {data['kind']} called “{_shown(name)}”. Choose one from the list.")
        return Value(known.kind, name, _test(data.get("test"), known, path))

    def consent(self, data: Mapping[str, Any], path: Path) -> Allows:
        _only(data, {"kind", "purpose", "channel", "state"}, path)
        state = data.get("state", "granted")
        if state not in get_args(ConsentState):
            raise RuleRefused(path, f"Say one of {', '.join(get_args(ConsentState))} for “state”.")
        purpose = _text(data.get("purpose", "marketing"), "purpose", path)
        return Allows(purpose, _text(data.get("channel"), "channel", path), state)

    def inside(self, data: Mapping[str, Any], path: Path) -> Inside:
        _only(data, {"kind", "segment"}, path)
        number = data.get("segment")
        if isinstance(number, bool) or not isinstance(number, int) or number not in self.catalogue.segments:
            raise RuleRefused(path, "There is no such segment. Choose one from the list.")
        return Inside(number)

    def events(self, data: Mapping[str, Any], happening: Happening, path: Path) -> Events:
        _only(data, {"kind", "about", "when", "counts"}, path)
        about = _mapping(data.get("about", {}), "about", path)
        counts = _mapping(data.get("counts", {"times": {"at_least": 1}}), "counts", path)
        # In the order in which people read them: a database may keep the parts of an object in another one.
        order = [one.name for one in happening.measures]
        counts = dict(sorted(counts.items(), key=lambda one: order.index(one[0]) if one[0] in order else -1))
        if not counts:
            raise RuleRefused(path, "Say how often, or how much, under “counts”.")
        return Events(
            happening.name,
            tuple((_field(name, happening, path), _values(given, name, path)) for name, given in about.items()),
            _span(data.get("when", {}), path),
            tuple(_count(name, given, happening, path) for name, given in counts.items()),
        )


def _only(data: Mapping[str, Any], names: set[str], path: Path) -> None:
    extra = sorted(str(name) for name in set(data) - names)
    if extra:
        raise RuleRefused(path, f"“{_shown(extra[0])}” is not understood here. Known are: {', '.join(sorted(names))}.")


def _mapping(data: Any, name: str, path: Path) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise RuleRefused(path, f"“{name}” is an object.")
    return data


def _shown(value: Any) -> str:
    return str(value)[:60]


def _text(value: Any, name: str, path: Path) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT or "\0" in value:
        raise RuleRefused(path, f"Choose a value for “{name}”: a text of at most {LONGEST_TEXT} characters.")
    return value


def _field(name: str, happening: Happening, path: Path) -> str:
    if happening.field(name) is None:
        known = ", ".join(one.name for one in happening.fields)
        raise RuleRefused(path, f"“{_shown(name)}” does not tell these apart. Choose one of: {known}.")
    return name


def _values(given: Any, name: str, path: Path) -> tuple[str, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_VALUES:
        raise RuleRefused(path, f"Choose 1 to {MOST_VALUES} values for “{name}”, as a list.")
    return tuple(dict.fromkeys(_text(one, name, path) for one in given))


def _count(name: str, given: Any, happening: Happening, path: Path) -> tuple[str, Comparison]:
    measure = happening.measure(name)
    if measure is None:
        known = ", ".join(one.name for one in happening.measures)
        raise RuleRefused(path, f"“{_shown(name)}” is nothing that can be counted here. Choose one of: {known}.")
    test = _numbers(given, measure.label, path, may_be_unknown=False)
    if not measure.is_signed and min(float(one) for one in test.operands) < 0:
        raise RuleRefused(path, f"“{measure.label}” is never below 0. Write 0 or more.")
    return name, test


def _test(given: Any, known: Known, path: Path) -> Comparison:
    return _words(given, known, path) if known.type == "word" else _numbers(given, known.label, path)


def _one_of(given: Any, operators: Sequence[str], label: str, path: Path) -> tuple[Any, Any]:
    if not isinstance(given, Mapping) or len(given) != 1 or next(iter(given)) not in operators:
        raise RuleRefused(path, f"Compare “{label}” in one way: {', '.join(operators)}.")
    operator, operands = next(iter(given.items()))
    return operator, operands


def _numbers(given: Any, label: str, path: Path, *, may_be_unknown: bool = True) -> Comparison:
    operators = (*NUMBERS, "known") if may_be_unknown else NUMBERS
    operator, operands = _one_of(given, operators, label, path)
    if operator == "known":
        return _known(operands, path)
    listed = operands if isinstance(operands, list) else [operands]
    if len(listed) != N_OPERANDS.get(operator, 1):
        raise RuleRefused(path, f"“{label}” needs {'two numbers' if operator == 'between' else 'a number'}.")
    numbers = tuple(_number(one, label, path) for one in listed)
    if operator == "between" and numbers[0] > numbers[1]:
        raise RuleRefused(path, f"“{label}”: write the smaller number first.")
    return Comparison(operator, numbers)


def _number(value: Any, label: str, path: Path) -> int | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise RuleRefused(path, f"Write a number for “{label}”.")
    return value


def _words(given: Any, known: Known, path: Path) -> Comparison:
    operator, operands = _one_of(given, (*WORDS, "known"), known.label, path)
    if operator == "known":
        return _known(operands, path)
    listed = operands if operator == "one_of" else [operands]
    return Comparison(operator, _values(listed, known.label, path))


def _known(operand: Any, path: Path) -> Comparison:
    if operand is not True:
        raise RuleRefused(
            path, "“known” is true; put “not” around the condition for customers of whom it is not known."
        )
    return Comparison("known")


def _span(data: Any, path: Path) -> Span:
    given = _mapping(data, "when", path)
    _only(given, {"last_days", "days_ago", "since", "before"}, path)
    if not given:
        return Span()
    if "last_days" in given and len(given) == 1:
        return Span(days=(_days(given["last_days"], 1, path), 0))
    if "days_ago" in given and len(given) == 1:
        return Span(days=_ago(given["days_ago"], path))
    if not {"last_days", "days_ago"} & set(given):
        return _dates(given, path)
    raise RuleRefused(path, "Say when in one way: the last days, days ago, or dates.")


def _days(value: Any, least: int, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LONGEST_DAYS:
        raise RuleRefused(path, f"Write a whole number of days from {least} to {LONGEST_DAYS:,}.")
    return value


def _ago(value: Any, path: Path) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise RuleRefused(path, "“days_ago” has two numbers: the earlier day first, such as [60, 30].")
    first, last = _days(value[0], 1, path), _days(value[1], 0, path)
    if first <= last:
        raise RuleRefused(path, "Write the larger number of days ago first.")
    return first, last


def _dates(given: Mapping[str, Any], path: Path) -> Span:
    since, before = (_date(given[name], path) if name in given else None for name in ("since", "before"))
    if since and before and since >= before:
        raise RuleRefused(path, "The first day must be before the last one.")
    return Span(since=since, before=before)


def _date(value: Any, path: Path) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        _refuse_date(path)


def _refuse_date(path: Path) -> NoReturn:
    raise RuleRefused(path, "Write a day as year-month-day, such as 2026-05-31.")
