"""What rules can ask about: names, words for people, what fits where. How it is looked up stands elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

ValueType = Literal["number", "share", "word"]


@dataclass(frozen=True)
class Known:
    """A value that is known of every customer, or of some.

    Attributes
    ----------
    kind, name : str
        As in `Value`.
    label, unit, family : str
        What people read, what it is counted in, what it stands beside. The label includes its window.
    type : {"number", "share", "word"}
        A share lies between 0 and 1.
    choices : tuple of str
        Words that are in use, for a choice; others are allowed too.
    """

    kind: Literal["feature", "prediction"]
    name: str
    label: str
    unit: str
    family: str
    type: ValueType = "number"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """Something by which events are told apart; `phrase` has a place `{}` for what is chosen."""

    name: str
    label: str
    phrase: str
    is_free: bool = False


@dataclass(frozen=True)
class Measure:
    """Something that is counted or added up; `phrase` has a place `{}` for the comparison."""

    name: str
    label: str
    phrase: str
    unit: str = ""
    is_signed: bool = False


@dataclass(frozen=True)
class Happening:
    """A kind of events: what it is called, when it happened and when it did not."""

    name: str
    label: str
    phrase: str
    negated: str
    fields: tuple[Field, ...]
    measures: tuple[Measure, ...]

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)

    def measure(self, name: str) -> Measure | None:
        return next((one for one in self.measures if one.name == name), None)


@dataclass(frozen=True)
class Catalogue:
    """Everything a rule can ask about.

    Attributes
    ----------
    values : mapping of (kind, name) to Known
    happenings : mapping of name to Happening
    segments : mapping of number to name
        Other segments.
    consents : sequence of (purpose, channel)
        What was ever asked for.
    """

    values: Mapping[tuple[str, str], Known]
    happenings: Mapping[str, Happening]
    segments: Mapping[int, str] = field(default_factory=dict)
    consents: Sequence[tuple[str, str]] = ()

    def value(self, kind: str, name: str) -> Known | None:
        """One of a list of values, `category_share_365:Tea`, is known by its like even where it is small today."""
        found = self.values.get((kind, name))
        before, colon, about = name.partition(":")
        if found is not None or not colon or not about:
            return found
        like = next(
            (one for one in self.values.values() if one.kind == kind and one.name.startswith(f"{before}:")), None
        )
        if like is None:
            return None
        label = like.label.replace(like.name.partition(":")[2], about)
        return Known(like.kind, name, label, like.unit, like.family, like.type)
