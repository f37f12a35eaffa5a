"""One cell in SQL: what is wrong with it as staged, and its typed value once nothing is.

Text is checked by shape before it is cast, because a failed cast would end the whole import. Columns that arrive typed
(numbers and times of a Parquet file) skip the shape.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.models import DecimalField

from loyalty.services.ingest.kinds import Cell, Column

# [0-9] and not \d, which in some locales also means digits that a cast cannot read.
# As programs write them, too: 0.30000000000000004 and 5.6e-17 are what is left of adding cents.
NUMBER = r"^[+-]?([0-9]{1,15}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?$"
# What nearly all numbers look like. Counted repetitions cost PostgreSQL five times as much, so they are for the others.
PLAIN_NUMBER, PLAIN_LENGTH = r"^[0-9]+\.?[0-9]*$", 15
INTEGER = r"^[+-]?[0-9]{1,9}$"
DAY = r"(19|20|21)[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
ZONE = r"(Z|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
BOOLEAN = r"^(true|false|yes|no|1|0)$"
LARGEST_INTEGER = 2_147_483_647
AFTER_DAY = len("2017-12-31T") + 1


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_no_plain_number(text: str) -> str:
    return f"NOT (length({text}) <= {PLAIN_LENGTH} AND {text} ~ '{PLAIN_NUMBER}')"


@dataclass(frozen=True)
class StagedCell:
    """A column of the staging table: its declaration, the type it was staged with, the zone of times without one."""

    column: Column
    staged_as: str
    zone: str
    follows: bool = False  # empty, it is worked out from other cells

    @property
    def raw(self) -> str:
        return f's."{self.column.name}"'

    @property
    def text(self) -> str:
        """The cell without the blanks around it and as it is stored; NULL when nothing is left."""
        if self.staged_as != "text":
            return f"{self.raw}::text"
        text = f"NULLIF(btrim({self.raw}), '')"
        return self.column.rewrite(text) if self.column.rewrite else text

    @property
    def is_typed(self) -> bool:
        return self.staged_as != "text"

    @property
    def number(self) -> str:
        """The value as precise as it was written. Only for cells of numbers without a problem."""
        return self.raw if self.is_typed else f"{self.text}::numeric"

    def problem(self) -> str:
        """SQL that gives a sentence, or NULL when the cell can be taken. The first fault found is the one told."""
        cases = [*self._missing(), *self._misshapen(), *self._out_of_bounds()]
        branches = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in cases)
        return f"CASE {branches} END" if cases else "NULL"

    def is_wrong(self) -> str:
        """The same as a condition, quick to evaluate on a row that has no fault."""
        cases = [*self._missing(), *self._misshapen(), *self._out_of_bounds()]
        branches = " ".join(f"WHEN {condition} THEN true" for condition, _ in cases)
        return f"CASE {branches} ELSE false END" if cases else "false"

    def value(self) -> str:
        """The typed value. Only for cells without a problem."""
        match self.column.cell:
            case Cell.NUMBER | Cell.INTEGER:
                return f"{self.text if not self.is_typed else self.raw}::{self._database_type()}"
            case Cell.TIME:
                return self._time()
            case Cell.DATE:
                return f"{self.text}::date"
            case Cell.BOOLEAN:
                return f"(lower({self.text}) IN ('true', 'yes', '1'))"
            case Cell.JSON:
                return f"{self.text}::jsonb"
            case _:
                return self.text

    def lacks_zone(self) -> str:
        """SQL condition: this is a time and does not say in which zone."""
        if self.staged_as == "timestamptz":
            return "false"
        if self.staged_as == "timestamp":
            return f"{self.raw} IS NOT NULL"
        return f"{self.text} IS NOT NULL AND NOT {self._has_zone()}"

    def _database_type(self) -> str:
        return str(self.column.model_field.db_type(connection))

    def _has_zone(self) -> str:
        """Of a time that has the right shape: nothing but a zone brings one of these signs behind the day."""
        return f"substr({self.text}, {AFTER_DAY}) ~ '[ZC+-]'"

    def _time(self) -> str:
        if self.staged_as == "timestamptz":
            return self.raw
        local = f"AT TIME ZONE {literal(self.zone)}"
        if self.staged_as == "timestamp":
            return f"{self.raw} {local}"
        return f"CASE WHEN {self._has_zone()} THEN {self.text}::timestamptz ELSE {self.text}::timestamp {local} END"

    def _missing(self) -> list[tuple[str, str]]:
        if self.follows or not (self.column.is_required or self.column.when_absent):
            return []
        # A typed cell is not turned into text only to see whether it is there: for a time that takes a microsecond.
        found = self.raw if self.is_typed else self.text
        return [(f"{found} IS NULL", f"Fill in {self.column.name}: every row needs it.")]

    def _misshapen(self) -> list[tuple[str, str]]:
        if self.is_typed:
            return self._not_whole()
        text = self.text
        match self.column.cell:
            case Cell.NUMBER:
                return [
                    (
                        f"{_is_no_plain_number(text)} AND {text} !~ '{NUMBER}'",
                        "This is not a number. Write it like 12.50, without currency signs.",
                    )
                ]
            case Cell.INTEGER:
                return [(f"{text} !~ '{INTEGER}'", "This is not a whole number. Write it like 12.")]
            case Cell.TIME:
                return self._not_a_moment(f"^{DAY}([T ]{CLOCK}( ?{ZONE})?)?$", "2017-12-31 18:30")
            case Cell.DATE:
                return self._not_a_moment(f"^{DAY}$", "2017-12-31")
            case Cell.BOOLEAN:
                return [(f"lower({text}) !~ '{BOOLEAN}'", "Write yes or no.")]
            case _:
                return []

    def _not_whole(self) -> list[tuple[str, str]]:
        if self.column.cell is not Cell.INTEGER:
            return []
        return [(f"{self.raw} <> trunc({self.raw})", "This is not a whole number. Write it like 12.")]

    def _not_a_moment(self, shape: str, example: str) -> list[tuple[str, str]]:
        text = self.text
        last_day = f"extract(day FROM (substr({text}, 1, 8) || '01')::date + interval '1 month' - interval '1 day')"
        return [
            (f"{text} !~ '{shape}'", f"This is not a date that can be read. Write it like {example}."),
            (
                f"substr({text}, 9, 2)::int > 28 AND substr({text}, 9, 2)::int > {last_day}",
                "There is no such day. Correct the date.",
            ),
        ]

    def _out_of_bounds(self) -> list[tuple[str, str]]:
        if self.column.cell in (Cell.NUMBER, Cell.INTEGER):
            return self._beyond_limits()
        if self.column.cell is Cell.TEXT:
            return [*self._too_long(), *self._not_chosen(), *self._not_matching()]
        return []

    def _beyond_limits(self) -> list[tuple[str, str]]:
        low, high = self.limits
        sentence = f"This must be between {low:,} and {high:,}."
        return [(f"{self.number} NOT BETWEEN {low!r} AND {high!r}", sentence)]

    @property
    def limits(self) -> tuple[float, float]:
        field = self.column.model_field
        widest: float = LARGEST_INTEGER
        if isinstance(field, DecimalField):
            widest = 10 ** (field.max_digits - field.decimal_places) - 1
        low = -widest if self.column.minimum is None else self.column.minimum
        return low, widest if self.column.maximum is None else self.column.maximum

    def _too_long(self) -> list[tuple[str, str]]:
        reference = self.column.reference
        field = reference.model._meta.get_field(reference.key) if reference else self.column.model_field
        length = getattr(field, "max_length", None)
        if length is None:
            return []
        # Blanks around it do not count, but are looked at only where they could matter.
        too_long = f"length({self.raw}) > {length} AND length({self.text}) > {length}"
        return [(too_long, f"Shorten this to {length} characters or fewer.")]

    def _not_chosen(self) -> list[tuple[str, str]]:
        choices = [str(value) for value, _ in self.column.model_field.flatchoices]
        if not choices:
            return []
        listed = ", ".join(literal(value) for value in choices)
        return [(f"{self.text} NOT IN ({listed})", f"Use one of: {', '.join(choices)}.")]

    def _not_matching(self) -> list[tuple[str, str]]:
        if not self.column.pattern:
            return []
        return [(f"{self.text} !~ {literal(self.column.pattern)}", self.column.advice)]
