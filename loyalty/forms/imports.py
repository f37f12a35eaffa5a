"""The questions of an import: what is in the file, how it is read, and which of its columns is which of ours."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.forms import BoundField
from django.utils.text import slugify

from loyalty.models import Customer, Product
from loyalty.services.ingest import (
    ENCODINGS,
    Cell,
    ColumnLook,
    FileLook,
    Mapping,
    MappingRefused,
    Reading,
    RecordKind,
    kinds,
)
from loyalty.services.ingest.kinds import Column
from loyalty.services.ingest.rows import follows

UNDECIDED, SKIPPED = "", "-"
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
OPTIONS = ("decimal", "date_order", "zone", "unknown_products", "unknown_customers", "on_bad_rows")
LONGEST_NAME = 80
LONGEST_MEANING = 70


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="What is in the file", error_messages={"required": "Choose what is in the file."})
    file = forms.FileField(
        label="File",
        help_text="CSV, Excel or Parquet, with a heading in its first line. CSV may be packed as .gz.",
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty. Choose one with a heading and at least one row.",
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.gz,.xlsx,.xls,.ods,.parquet"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.name, kind.label) for kind in kinds()]  # type: ignore[attr-defined]


class ReadingForm(forms.Form):
    """Only what there is to choose for this file: a workbook has sheets, a CSV file letters and delimiters."""

    encoding = forms.ChoiceField(label="Letters are written as", choices=ENCODINGS.items(), required=False)
    delimiter = forms.ChoiceField(label="Columns are parted by", choices=DELIMITERS.items(), required=False)
    sheet = forms.ChoiceField(label="Sheet", required=False)

    def __init__(self, look: FileLook, chosen: Reading | None = None) -> None:
        found = {"encoding": look.encoding, "delimiter": look.delimiter, "sheet": look.sheet}
        super().__init__(initial=found | (chosen.to_json() if chosen else {}))
        self.fields["sheet"].choices = [(name, name) for name in look.sheets]  # type: ignore[attr-defined]
        for name, value in found.items():
            if not value:
                del self.fields[name]


@dataclass(frozen=True)
class Line:
    """One column of the file beside the field that says what it is."""

    column: ColumnLook
    field: BoundField

    @property
    def is_skipped(self) -> bool:
        return bool(self.field.value() == SKIPPED)


class MappingForm(forms.Form):
    """A select for each column of the file, a value for each of ours that it lacks, and how its cells are written."""

    heading = forms.CharField(widget=forms.HiddenInput)
    decimal = forms.ChoiceField(
        label="Decimals", choices=[(".", "with a point: 1,234.50"), (",", "with a comma: 1.234,50")]
    )
    date_order = forms.ChoiceField(
        label="Dates",
        choices=[
            ("ymd", "year first: 2017-12-31"),
            ("dmy", "day first: 31.12.2017"),
            ("mdy", "month first: 12/31/2017"),
        ],
    )
    zone = forms.ChoiceField(label="Times are those of", help_text="Where a time names its own zone, that one counts.")
    unknown_products = forms.ChoiceField(
        label="Products the catalogue does not know",
        choices=[("reject", "Refuse the row and say so"), ("create", "Keep the row, note the product as unknown")],
    )
    unknown_customers = forms.ChoiceField(
        label="Customers nobody has heard of",
        choices=[("reject", "Refuse the row and say so"), ("create", "Keep the row, make a customer with this key")],
    )
    on_bad_rows = forms.ChoiceField(
        label="Rows that cannot be taken",
        choices=[
            ("skip", "Leave them out and list them"),
            ("refuse_all", "All or nothing: one of them stops the import"),
        ],
    )
    save_as = forms.CharField(
        label="Save these choices as",
        required=False,
        max_length=LONGEST_NAME,
        help_text="Optional. The next file with the same columns needs no questions then.",
    )

    def __init__(self, kind: RecordKind, look: FileLook, mapping: Mapping, **kwargs: Any) -> None:
        self.kind, self.look = kind, look
        super().__init__(initial=self._initial(mapping), **kwargs)
        self.fields["zone"].choices = _zones(mapping.zone)  # type: ignore[attr-defined]
        for number, column in enumerate(look.columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column.name, choices=_targets(kind, column), required=False
            )
        for ours in _constant_columns(kind):
            self.fields[f"constant_{ours.name}"] = forms.CharField(
                label=ours.name,
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"placeholder": ours.example}),
            )
        # Each begins with an answer; a star beside it would only ask for attention.
        for name in OPTIONS:
            self.fields[name].required = False
        for name, model in (("unknown_products", Product), ("unknown_customers", Customer)):
            if not _can_make(kind, model):
                del self.fields[name]

    def _initial(self, mapping: Mapping) -> dict[str, Any]:
        found: dict[str, Any] = {name: getattr(mapping, name) for name in OPTIONS}
        found["heading"] = heading_mark(self.look)
        for number, column in enumerate(self.look.columns):
            ours = mapping.columns.get(column.name)
            found[f"column_{number}"] = UNDECIDED if ours is None else ours or SKIPPED
        return found | {f"constant_{name}": value for name, value in mapping.constants.items()}

    @property
    def lines(self) -> list[Line]:
        return [Line(column, self[f"column_{number}"]) for number, column in enumerate(self.look.columns)]

    @property
    def constants(self) -> list[BoundField]:
        """For our columns that no column of the file stands for."""
        taken = {line.field.value() for line in self.lines}
        fields = [(column, self[f"constant_{column.name}"]) for column in _constant_columns(self.kind)]
        return [field for column, field in fields if column.name not in taken or field.value() or field.errors]

    @property
    def asks_for_constants(self) -> bool:
        """Whether one is given, wrong, or the way to something that is still needed."""
        return bool(self.missing) or any(field.value() or field.errors for field in self.constants)

    @property
    def missing(self) -> list[Column]:
        """What every row needs and nothing stands for yet."""
        constants = {
            name.removeprefix("constant_")
            for name in self.fields
            if name.startswith("constant_") and self[name].value()
        }
        given = constants | {line.field.value() for line in self.lines}
        needed = [column for column in self.kind.columns if column.is_required and column.name not in given]
        return [column for column in needed if not follows(column, given)]

    @property
    def n_undecided(self) -> int:
        return sum(line.field.value() == UNDECIDED for line in self.lines)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("heading") != heading_mark(self.look):
            raise forms.ValidationError("The file is read differently since this page was opened. Choose again.")
        return self.cleaned_data

    def mapping(self) -> Mapping:
        """What was chosen. Columns nobody decided about are left out, so that the check asks for them."""
        values = self.cleaned_data
        chosen = {column.name: values[f"column_{number}"] for number, column in enumerate(self.look.columns)}
        constants = {column.name: values[f"constant_{column.name}"] for column in _constant_columns(self.kind)}
        return Mapping(
            columns={name: "" if ours == SKIPPED else ours for name, ours in chosen.items() if ours != UNDECIDED},
            constants={name: value for name, value in constants.items() if value},
            **{name: values[name] for name in OPTIONS if values.get(name)},
        )

    def tell(self, refused: MappingRefused) -> None:
        """Put every sentence where it belongs: at their column, at our value, or on top."""
        for name, sentence in refused.sentences:
            self.add_error(self._place(name), sentence)

    def _place(self, name: str) -> str | None:
        for number, column in enumerate(self.look.columns):
            if name in (column.name, self.cleaned_data.get(f"column_{number}")):
                return f"column_{number}"
        return next((field for field in (f"constant_{name}", name) if field in self.fields), None)


def heading_mark(look: FileLook) -> str:
    """The same for the same columns in the same order."""
    return hashlib.sha256("\n".join(column.name for column in look.columns).encode()).hexdigest()[:16]


def _targets(kind: RecordKind, column: ColumnLook) -> list[Any]:
    needed = [(ours.name, _told(ours)) for ours in kind.columns if ours.is_required]
    others = [(ours.name, _told(ours)) for ours in kind.columns if not ours.is_required and ours.is_asked_for]
    kept = [(name, f"Keep as {name}") for name in _attributes(kind, column)]
    groups = [("Every row needs", needed), ("If the file has it", others), ("None of these", kept)]
    return [(UNDECIDED, "Choose …"), (SKIPPED, "Skip this column"), *(group for group in groups if group[1])]


def _told(column: Column) -> str:
    """`order_id – Your own key of the order`: the name that templates use, and what it means."""
    meaning = column.meaning.partition(".")[0].partition(":")[0]
    return f"{column.name} – {meaning}" if meaning and len(meaning) <= LONGEST_MEANING else column.name


def _attributes(kind: RecordKind, column: ColumnLook) -> list[str]:
    """`attributes.size` for a column Size that none of ours stands for."""
    slug = slugify(column.name).replace("-", "_")
    stems = [ours.name for ours in kind.columns if ours.cell is Cell.JSON]
    return [f"{stem}.{slug}" for stem in stems[:1] if slug]


def _constant_columns(kind: RecordKind) -> list[Column]:
    """Not the key of the records: all rows would be one. Nor what holds several values."""
    key = kind.main.key if len(kind.main.key) == 1 else kind.parts[0].key if len(kind.parts[0].key) == 1 else ()
    return [
        column
        for column in kind.columns
        if column.name not in key
        and column.cell is not Cell.JSON
        and column.is_asked_for
        and column.name != "line_number"
    ]


def _can_make(kind: RecordKind, model: type[Customer] | type[Product]) -> bool:
    references = [column.reference for column in kind.columns if column.reference is not None]
    return any(reference.model is model and reference.make is not None for reference in references)


@cache
def _known_zones() -> tuple[str, ...]:
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def _zones(chosen: str) -> Sequence[tuple[str, str]]:
    names = dict.fromkeys((settings.TIME_ZONE, chosen, *_known_zones()))
    return [(name, name.replace("_", " ")) for name in names]
