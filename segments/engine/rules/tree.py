"""What a rule is: conditions, joined by all, any and not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Number = int | float
Operand = Number | str
NumberOperator = Literal["at_least", "at_most", "more_than", "less_than", "exactly", "between"]
WordOperator = Literal["is", "is_not", "one_of"]
Operator = NumberOperator | WordOperator | Literal["known"]
ConsentState = Literal["granted", "refused", "unasked"]


@dataclass(frozen=True)
class Comparison:
    """A comparison.

    Attributes
    ----------
    operator : str
        `between` includes both ends; `known` asks whether there is a value at all.
    operands : tuple
        One, for `between` two, for `one_of` as many as wanted, for `known` none.
    """

    operator: Operator
    operands: tuple[Operand, ...] = ()


@dataclass(frozen=True)
class Span:
    """When something happened, `since <= t < until`; nothing given is ever.

    Attributes
    ----------
    days : (int, int) or None
        Days before the moment of asking, first the earlier one: `(30, 0)` is the last 30 days.
    since, before : datetime.date or None
        Days of the calendar in the shop's zone; `before` is not in it.
    """

    days: tuple[int, int] | None = None
    since: date | None = None
    before: date | None = None


@dataclass(frozen=True)
class Value:
    """Something that is known of a customer, compared.

    Attributes
    ----------
    kind : str
        `feature` out of the feature store, or `prediction`.
    name : str
        Its name there.
    """

    kind: Literal["feature", "prediction"]
    name: str
    test: Comparison


@dataclass(frozen=True)
class Events:
    """How often, how much, of what, when.

    Attributes
    ----------
    kind : str
        What happened: `bought`, `did`, `rated`, or what an app above has told.
    about : tuple of (str, tuple of str)
        Which of them count: a field and the values of which it must have one.
    span : Span
    counts : tuple of (str, Comparison)
        Measures of all that count, every one of which must pass.
    """

    kind: str
    about: tuple[tuple[str, tuple[str, ...]], ...] = ()
    span: Span = Span()
    counts: tuple[tuple[str, Comparison], ...] = (("times", Comparison("at_least", (1,))),)


@dataclass(frozen=True)
class Allows:
    """What a customer said last when asked for permission."""

    purpose: str
    channel: str
    state: ConsentState = "granted"


@dataclass(frozen=True)
class Inside:
    """Being in another segment, by its number."""

    segment: int


Condition = Value | Events | Allows | Inside


@dataclass(frozen=True)
class Every:
    """All of the parts hold."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True)
class Some:
    """At least one of the parts holds."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Rule"


Rule = Every | Some | Not | Condition


def conditions(rule: Rule) -> Iterator[Condition]:
    """All conditions of a rule in the order in which it is read."""
    if isinstance(rule, Every | Some):
        for part in rule.parts:
            yield from conditions(part)
    elif isinstance(rule, Not):
        yield from conditions(rule.part)
    else:
        yield rule


def segments_named(rule: Rule) -> set[int]:
    """Numbers of the other segments that a rule asks about."""
    return {one.segment for one in conditions(rule) if isinstance(one, Inside)}
