"""How a person's file is opened, and the table that was found in it, under the file's own column names."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

import pyarrow as pa

from loyalty.services.ingest.rows import FileRefused, Problem

MOST_COLUMNS = 1_000


class Format(Enum):
    """What a file is, as people call it."""

    CSV = "CSV"
    EXCEL = "Excel"
    PARQUET = "Parquet"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a person decided about reading a file; None leaves it to us."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None

    def to_json(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Reading":
        return cls(**told)


@dataclass(kw_only=True)
class FileTable:
    """Rows to be read once, each with its line. `heading` is as it stands, `names` tells every column apart."""

    format: Format
    heading: tuple[str, ...]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    problems: list[Problem] = field(default_factory=list)
    n_rows: int | None = None
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    # Columns whose numbers and times arrived as such: how a decimal sign or a date is written does not concern them.
    typed: frozenset[str] = frozenset()
    # Whether letters that the encoding does not have may stand there as question marks.
    may_be_garbled: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return told_apart(self.heading)


def told_apart(heading: Sequence[str]) -> tuple[str, ...]:
    """A name for every column: what has none is counted, what repeats is numbered."""
    named = [name.strip() or f"column {number}" for number, name in enumerate(heading, 1)]
    seen: Counter[str] = Counter()
    names = []
    for name in named:
        seen[name] += 1
        while seen[name] > 1 and f"{name} ({seen[name]})" in named:
            seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def check_heading(heading: Sequence[str]) -> None:
    """Refuse what is no heading at all."""
    if not any(name.strip() for name in heading):
        raise FileRefused("The heading is empty. The first line must name the columns.")
    if len(heading) > MOST_COLUMNS:
        raise FileRefused(f"The heading names {len(heading):,} columns; at most {MOST_COLUMNS:,} can be read.")
