"""What a kind of record is: its columns, the tables it fills, and how a row is recognised again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.conf import settings
from django.db.models import Field, Model


class Cell(Enum):
    """What a cell holds, as people would say it."""

    TEXT = "text"
    NUMBER = "a number"
    INTEGER = "a whole number"
    TIME = "a date and time"
    DATE = "a date"
    BOOLEAN = "yes or no"
    JSON = "named values"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the caller decides for one import."""

    at: datetime
    source: str
    zone: str = settings.TIME_ZONE
    currency: str = settings.DEFAULT_CURRENCY
    unknown_products: str = "reject"
    unknown_customers: str = "reject"
    on_bad_rows: str = "skip"

    @property
    def creates_products(self) -> bool:
        return self.unknown_products == "create"

    @property
    def creates_customers(self) -> bool:
        return self.unknown_customers == "create"

    @property
    def is_all_or_nothing(self) -> bool:
        return self.on_bad_rows == "refuse_all"


# Puts what people write into the form that is stored: SQL for the cell's text in, SQL out.
Rewriting = Callable[[str], str]
# A value worked out of the row's other cells, given SQL for each that the file has.
WorkedOut = Callable[[Mapping[str, str]], str]
# Creates the rows that a reference implies, given the cursor, the column and the options.
Maker = Callable[[Any, str, Options], None]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A column that names a row of another table by the key people use for it."""

    model: type[Model]
    key: str
    noun: str
    make: Maker | None = None
    is_made: Callable[[Options], bool] = lambda options: True
    has_aliases: bool = False  # rows that were merged go on to be known by the keys they had
    also_in: str = ""  # the row may as well be brought by this column of the same file

    def is_implied(self, options: Options) -> bool:
        """Whether an unknown name makes a new row instead of being refused."""
        return self.make is not None and self.is_made(options)


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """How an empty cell follows from others of its row. `sql` names them as `{quantity}`; their values are typed."""

    needs: tuple[str, ...]
    sql: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the file, and the model field whose limits it must keep."""

    name: str
    cell: Cell
    of: type[Model]
    field: str
    is_required: bool = False
    reference: Reference | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    advice: str = ""
    default: Callable[[Options], Any] | None = None
    when_absent: str | WorkedOut = ""  # SQL that stands for the column when a file does not have it
    derived: Derivation | None = None
    rewrite: Rewriting | None = None
    example: str = ""
    meaning: str = ""  # what people are told to put there

    @property
    def is_asked_for(self) -> bool:
        """Whether people fill it in; the others only the import itself does."""
        return bool(self.example) or not self.when_absent

    def sql_when_absent(self, cells: Mapping[str, str]) -> str:
        return self.when_absent if isinstance(self.when_absent, str) else self.when_absent(cells)

    @property
    def model_field(self) -> "Field[Any, Any]":
        found: Field[Any, Any] = self.of._meta.get_field(self.field)  # type: ignore[assignment]
        return found


@dataclass(frozen=True, kw_only=True)
class Link:
    """A foreign key that can only be looked up while writing, because this very import may bring the row."""

    column: str
    field: str
    model: type[Model]
    key: str
    value: str = "id"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One table that a kind fills. `key` and `columns` are names of columns of the file."""

    model: type[Model]
    key: tuple[str, ...]
    columns: tuple[str, ...]
    links: tuple[Link, ...] = ()
    only_updates: bool = False
    moment: str = ""  # of several times on one day under one key, the earliest counts
    whole_by: str = ""  # what this column names is sent whole: rows of it that a file leaves out are gone

    @property
    def all_columns(self) -> tuple[str, ...]:
        return (*self.columns, *(link.column for link in self.links))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What cells of one row may not say together. `wrong` is SQL over the clean row `s`; NULL is not wrong."""

    column: str
    needs: tuple[str, ...]
    wrong: str
    reason: str


Preparation = Callable[[Any, Options], None]


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """Everything the import knows about one kind of record."""

    name: str
    label: str
    description: str = ""  # one line for those who choose what is in their file
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]
    rules: tuple[Rule, ...] = ()
    prepare: Preparation | None = None
    nested: str = ""  # the key of an API record that holds a list of further rows
    has_aliases: bool = False  # keys of records that were merged into others still stand in files
    group: str = ""  # what rows of several tables form, all of it or none: an order

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def main(self) -> Part:
        """The table whose rows the rows of the file are."""
        return [part for part in self.parts if not part.only_updates][-1]
