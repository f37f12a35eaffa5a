"""Which column of a file is which of ours, and how its cells are written. Checked before a row is read."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings

from loyalty.models import ImportMapping
from loyalty.services.ingest.kinds import Options, RecordKind
from loyalty.services.ingest.rows import FileRefused, follows, is_attribute

DecimalSign = Literal[".", ","]
DateOrder = Literal["ymd", "dmy", "mdy"]
Unknown = Literal["reject", "create"]
BadRows = Literal["skip", "refuse_all"]
CHOICES: dict[str, tuple[str, ...]] = {
    "decimal": (".", ","),
    "date_order": ("ymd", "dmy", "mdy"),
    "unknown_products": ("reject", "create"),
    "unknown_customers": ("reject", "create"),
    "on_bad_rows": ("skip", "refuse_all"),
}


class MappingRefused(FileRefused):
    """The mapping does not fit. `sentences` pairs a column, the file's or ours, with what to do about it."""

    def __init__(self, sentences: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _, sentence in sentences))
        self.sentences = tuple(sentences)


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Decisions about one layout of file. In `columns` an empty name means: skipped on purpose."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    decimal: DecimalSign = "."
    date_order: DateOrder = "ymd"
    zone: str = settings.TIME_ZONE
    unknown_products: Unknown = "reject"
    unknown_customers: Unknown = "reject"
    on_bad_rows: BadRows = "skip"

    @property
    def targets(self) -> dict[str, str]:
        """Our column → the file's."""
        return {ours: theirs for theirs, ours in self.columns.items() if ours}

    def options(self, *, at: datetime, source: str) -> Options:
        """What the import itself has to know of it."""
        return Options(
            at=at,
            source=source,
            zone=self.zone,
            # Products that an order names before the catalogue does are priced in the money of the order.
            currency=self.constants.get("currency", "").strip() or settings.DEFAULT_CURRENCY,
            unknown_products=self.unknown_products,
            unknown_customers=self.unknown_customers,
            on_bad_rows=self.on_bad_rows,
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Mapping":
        return cls(**told)

    @classmethod
    def saved(cls, kept: ImportMapping) -> "Mapping":
        return cls(columns=kept.columns, constants=kept.constants, **kept.options)


def check_columns(kind: RecordKind, names: Collection[str], mapping: Mapping) -> None:
    """Raise MappingRefused with a sentence for every column that is not decided, or decided wrongly."""
    sentences = [
        *_undecided(names, mapping),
        *_misdirected(kind, names, mapping),
        *_twice(mapping),
        *_missing(kind, names, mapping),
        *_unchosen(mapping),
    ]
    if sentences:
        raise MappingRefused(sentences)


def _undecided(names: Collection[str], mapping: Mapping) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in mapping.columns:
            yield name, f"Say what column “{name[:64]}” is, or skip it on purpose."


def _misdirected(kind: RecordKind, names: Collection[str], mapping: Mapping) -> Iterator[tuple[str, str]]:
    for theirs, ours in mapping.columns.items():
        if theirs not in names and ours:
            yield theirs, f"The file has no column “{theirs[:64]}”. Choose another mapping or another file."
    for ours in (*mapping.targets, *mapping.constants):
        if ours not in kind.names and not is_attribute(kind, ours):
            yield ours, f"{kind.label} have no column “{ours[:64]}”. Choose one of: {', '.join(kind.names)}."


def _twice(mapping: Mapping) -> Iterator[tuple[str, str]]:
    counts = Counter(ours for ours in mapping.columns.values() if ours)
    for ours, count in counts.items():
        if count > 1:
            theirs = ", ".join(f"“{name[:64]}”" for name, target in mapping.columns.items() if target == ours)
            yield ours, f"Columns {theirs} are all mapped to {ours}. Keep one of them."
        elif mapping.constants.get(ours, "").strip():
            yield ours, f"{ours} is taken from the file and has a fixed value too. Keep one of them."


def _missing(kind: RecordKind, names: Collection[str], mapping: Mapping) -> Iterator[tuple[str, str]]:
    given = {ours for ours, theirs in mapping.targets.items() if theirs in names}
    given |= {ours for ours, value in mapping.constants.items() if value.strip()}
    for column in kind.columns:
        if column.is_required and column.name not in given and not follows(column, given):
            other = f", or {' and '.join(column.derived.needs)}" if column.derived else ""
            yield column.name, f"Every row needs {column.name}{other}. Map a column to it, or give a fixed value."


def _unchosen(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for name, allowed in CHOICES.items():
        if getattr(mapping, name) not in allowed:
            yield name, f"Choose one of {', '.join(allowed)} for {name.replace('_', ' ')}."
    if mapping.zone not in available_timezones():
        yield "zone", f"There is no time zone “{mapping.zone[:64]}”. Write it like {ZoneInfo('Europe/Berlin')}."
