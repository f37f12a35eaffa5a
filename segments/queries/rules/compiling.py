"""A rule as one question to the database.

Each condition is a set of rows added up by customer, joined to the customers once: nothing is asked customer by
customer. Whatever a person typed goes in as a parameter.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings

from loyalty.engine.features import Feature
from loyalty.queries.features import Reading, definitions, parameters, statement
from loyalty.queries.sales import sales_version
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
    Value,
    conditions,
)
from segments.engine.rules.truth import passes
from segments.queries.rules.events import as_events, joins_needed, measured, read_together, span_moments
from segments.queries.rules.sources import EventSource, event_sources, prediction_readings

NUMBERS = {"at_least": ">=", "at_most": "<=", "more_than": ">", "less_than": "<", "exactly": "="}
CONSENT_STATES = {"granted": ("granted",), "refused": ("denied", "revoked")}
NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Moment:
    """Up to when data are looked at, and at what time it is asked who is in other segments."""

    as_of: datetime
    at: datetime


@dataclass(frozen=True)
class Question:
    """SQL with its parameters by name."""

    sql: str
    params: Mapping[str, Any]

    def by_position(self) -> tuple[str, list[Any]]:
        """The same with parameters by position, to be put into a larger statement."""
        names = NAMED.findall(self.sql)
        return NAMED.sub("%s", self.sql), [self.params[name] for name in names]


@dataclass(frozen=True)
class Answer:
    """How a condition is asked: `sql` is null where nothing is known of a customer, which counts as `default`."""

    sql: str
    default: bool

    @property
    def certain(self) -> str:
        """Never null."""
        return f"coalesce({self.sql}, {'true' if self.default else 'false'})"


def members_question(rule: Rule, moment: Moment, *, among: Sequence[int] | None = None) -> Question:
    """Who fits a rule, each once, in the column `customer_id`; of all customers or among some."""
    asked = _Asked(moment, among)
    answers = asked.answers(rule)
    where = _joined(rule, iter(answers), is_negated=False)
    sql = f"SELECT c.id AS customer_id FROM {asked.tables} WHERE c.id {asked.chosen} AND {where}"  # noqa: S608 - ours
    return Question(sql, asked.params)


def answers_question(rule: Rule, moment: Moment, *, among: Sequence[int]) -> Question:
    """`customer_id` and a column of yes and no a condition, in the order in which the rule is read."""
    asked = _Asked(moment, among)
    columns = ", ".join(f"{answer.certain} AS answer_{n}" for n, answer in enumerate(asked.answers(rule)))
    sql = f"SELECT c.id AS customer_id, {columns} FROM {asked.tables} WHERE c.id {asked.chosen}"  # noqa: S608 - ours
    return Question(sql, asked.params)


def tables_of(rule: Rule) -> set[str]:
    """The tables whose changes may change who fits."""
    found = {"loyalty_customer"}
    for condition in conditions(rule):
        if isinstance(condition, Events):
            found |= {*event_sources()[condition.kind].tables, "loyalty_product"}
        elif isinstance(condition, Allows):
            found.add("loyalty_consent")
    for _, reading in _definitions([one for one in conditions(rule) if isinstance(one, Value)]):
        found |= set(reading.tables)
    return found


def _joined(rule: Rule, answers: Any, *, is_negated: bool) -> str:
    """The rule's own and, or and not. Only under a `not` must null be told from no: elsewhere it makes joins inner."""
    if isinstance(rule, Every | Some):
        word = " AND " if isinstance(rule, Every) else " OR "
        return f"({word.join([_joined(part, answers, is_negated=is_negated) for part in rule.parts])})"
    if isinstance(rule, Not):
        return f"(NOT {_joined(rule.part, answers, is_negated=True)})"
    answer: Answer = next(answers)
    return answer.certain if is_negated or answer.default else f"({answer.sql})"


def _definitions(values: Sequence[Value]) -> list[tuple[Feature, Reading]]:
    names = list(dict.fromkeys(one.name for one in values if one.kind == "feature"))
    found = definitions(names) if names else []
    predicted = {one.name for one in values if one.kind == "prediction"}
    for reading in prediction_readings():
        found += [(feature, reading) for feature in reading.features({}) if feature.name in predicted]
    return found


class _Asked:
    """Collects what the conditions of one rule join, and the parameters of all."""

    def __init__(self, moment: Moment, among: Sequence[int] | None) -> None:
        self.moment = moment
        self.is_for_some = among is not None
        self.chosen = "= ANY(%(customer_ids)s)" if self.is_for_some else "IS NOT NULL"
        self.parts: list[tuple[str, dict[int, str]]] = []
        self.n_tests = 0
        self.known: dict[Condition, Answer] = {}
        self.params: dict[str, Any] = {
            "as_of": moment.as_of,
            "inside_at": moment.at,
            "zone": settings.TIME_ZONE,
            "currency": sales_version().currency,
        }
        if among is not None:
            self.params["customer_ids"] = [int(one) for one in among]

    @property
    def tables(self) -> str:
        """Customers, each beside all answers about them.

        The answers are put below each other and gathered by customer. Joined to one another they were compared each
        with each: of sums the planner guesses that there are two hundred, and of those that hardly any passes.
        """
        if not self.parts:
            return "loyalty_customer c"
        gathered = ", ".join(f"bool_or(t{number}) AS t{number}" for number in range(self.n_tests))
        below = " UNION ALL ".join(self._part(rows, tests) for rows, tests in self.parts)
        told = f"SELECT customer_id, {gathered} FROM ({below}) answers GROUP BY customer_id OFFSET 0"  # noqa: S608 - ours
        return f"loyalty_customer c LEFT JOIN ({told}) a ON a.customer_id = c.id"

    def _part(self, rows: str, tests: dict[int, str]) -> str:
        columns = [f"({tests.get(number, 'NULL')})::boolean AS t{number}" for number in range(self.n_tests)]
        return f"(SELECT q.customer_id, {', '.join(columns)} FROM ({rows}) q)"  # noqa: S608 - ours

    def answers(self, rule: Rule) -> list[Answer]:
        asked = [as_events(one) for one in conditions(rule)]
        self._join_values([one for one in asked if isinstance(one, Value)])
        self._join_events([one for one in asked if isinstance(one, Events)])
        return [self._answer(one) for one in asked]

    def _answer(self, condition: Condition) -> Answer:
        match condition:
            case Value() | Events():
                return self.known[condition]
            case Allows():
                return self._allows(condition)
            case Inside():
                return self._inside(condition)

    def _param(self, value: Any) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    def _texts(self, values: Sequence[Any]) -> str:
        return f"{self._param(list(values))}::text[]"

    def _join(self, rows: str, tests: Sequence[str]) -> list[str]:
        """Ask yes or no by customer; `tests` are about the columns of `rows`, called `q`. Where each answer stands."""
        first = self.n_tests
        self.n_tests += len(tests)
        self.parts.append((rows, {first + number: test for number, test in enumerate(tests)}))
        return [f"a.t{first + number}" for number in range(len(tests))]

    def _join_values(self, values: Sequence[Value]) -> None:
        """One pass over a source for all the conditions that are about it."""
        pairs = sorted(_definitions(values), key=lambda pair: id(pair[1]))
        for _, group in groupby(pairs, key=lambda pair: id(pair[1])):
            told = list(group)
            features, reading = [feature for feature, _ in told], told[0][1]
            prefix = f"r{len(self.parts)}_"
            sql = statement(reading, features, is_for_some=self.is_for_some).replace("%(value_", f"%({prefix}value_")
            given = parameters(features, self.moment.as_of)
            self.params |= {
                f"{prefix}{name}" if name.startswith("value_") else name: one for name, one in given.items()
            }
            self._test_values(sql, features, values)

    def _test_values(self, sql: str, features: Sequence[Feature], values: Sequence[Value]) -> None:
        places = {feature.name: (number, feature) for number, feature in enumerate(features)}
        asked = [one for one in values if one.name in places]
        tests = []
        for value in asked:
            number, feature = places[value.name]
            tests.append(self._compared(f"q.f{number}", value.test, feature.default))
        places_of = self._join(sql, [one.sql for one in tests])
        for value, test, place in zip(asked, tests, places_of, strict=True):
            self.known[value] = Answer(place, test.default)

    def _compared(self, column: str, test: Comparison, default: float | str | None) -> Answer:
        is_default = passes(test, default)
        if test.operator == "known":
            sql = f"{column} <> ''" if isinstance(default, str) else f"{column} IS NOT NULL"
            return Answer("true" if is_default else sql, is_default)
        if test.operator in ("is", "one_of"):
            return Answer(f"{column} = ANY({self._texts(test.operands)})", is_default)
        if test.operator == "is_not":
            return Answer(f"{column} <> ALL({self._texts(test.operands)})", is_default)
        if test.operator == "between":
            low, high = (self._param(one) for one in test.operands)
            return Answer(f"{column} BETWEEN {low} AND {high}", is_default)
        return Answer(f"{column} {NUMBERS[test.operator]} {self._param(test.operands[0])}", is_default)

    def _join_events(self, events: Sequence[Events]) -> None:
        for together in read_together(events, self.moment.as_of):
            self._read(together)

    def _read(self, together: Sequence[Events]) -> None:
        """One pass over a source; its first condition is about every row that is read."""
        source, joins = event_sources()[together[0].kind], joins_needed(together[0])
        where = self._about(together[0], source)
        columns, answers = list[str](), list[Answer]()
        for events in together:
            within = [] if events is together[0] else [one for one in self._about(events, source) if one not in where]
            each = [
                self._compared(f"q.m{number}", test, source.measures[name].default)
                for number, (name, test) in enumerate(events.counts, len(columns))
            ]
            columns += [measured(source.measures[name], test, bool(joins), within) for name, test in events.counts]
            # A customer without such events has the default of every measure.
            answers.append(Answer(" AND ".join(one.sql for one in each), all(one.default for one in each)))
        rows = (
            f"SELECT {source.customer} AS customer_id, "  # noqa: S608 - ours
            f"{', '.join(f'{column} AS m{number}' for number, column in enumerate(columns))} "
            f"FROM {source.table} {' '.join(sql for join, sql in source.joins.items() if join in joins)} "
            f"WHERE {source.customer} {self.chosen} AND ({source.condition}) AND {' AND '.join(where)} GROUP BY 1"
        )
        places = self._join(rows, [one.sql for one in answers])
        self.known |= {
            events: Answer(place, one.default) for events, place, one in zip(together, places, answers, strict=True)
        }

    def _about(self, events: Events, source: EventSource) -> list[str]:
        """Which rows a condition is about."""
        told = [f"{source.at} < %(as_of)s"]
        since, until = span_moments(events.span, self.moment.as_of)
        if since is not None:
            told.append(f"{source.at} >= {self._param(since)}")
        if until is not None:
            told.append(f"{source.at} < {self._param(until)}")
        return told + [
            source.fields[name].condition.format(values=self._texts(values)) for name, values in events.about
        ]

    def _allows(self, allows: Allows) -> Answer:
        rows = (
            "SELECT DISTINCT ON (customer_id) customer_id, state FROM loyalty_consent "  # noqa: S608 - ours
            f"WHERE customer_id {self.chosen} AND purpose = {self._param(allows.purpose)} "
            f"AND channel = {self._param(allows.channel)} AND at < %(as_of)s ORDER BY customer_id, at DESC, id DESC"
        )
        if allows.state == "unasked":
            return Answer(self._join(rows, ["false"])[0], True)
        said = f"q.state = ANY({self._texts(CONSENT_STATES[allows.state])})"
        return Answer(self._join(rows, [said])[0], False)

    def _inside(self, inside: Inside) -> Answer:
        rows = (
            "SELECT DISTINCT customer_id FROM segments_segmentmembership "  # noqa: S608 - ours
            f"WHERE segment_id = {self._param(inside.segment)} AND customer_id {self.chosen} "
            "AND valid_from <= %(inside_at)s AND (valid_until IS NULL OR valid_until > %(inside_at)s)"
        )
        return Answer(self._join(rows, ["true"])[0], False)
