"""Fields that say what to do about what was typed into them."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

# A day beyond these is a slip of the pen, and the calendar of the machine ends not far behind them.
EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)
UNREADABLE = "Remove the unreadable sign."
# Digits before the point, by digits after it, as the tables hold them: percent, money, money of one contact.
WHOLE_DIGITS = {1: 3, 2: 10, 4: 4}


def number_field(label: str, sentence: str, places: int, *, required: bool = True) -> forms.DecimalField:
    digits = "Write this number with fewer digits."
    messages = {"required": sentence, "invalid": sentence, "max_digits": digits, "max_decimal_places": digits}
    messages["max_whole_digits"] = digits
    widget = forms.NumberInput(attrs={"class": "form-control", "inputmode": "decimal", "step": "any"})
    return forms.DecimalField(
        label=label,
        required=required,
        max_digits=WHOLE_DIGITS[places] + places,
        decimal_places=places,
        error_messages=messages,
        widget=widget,
    )


def text_field(label: str, longest: int, sentence: str = "", **attrs: str) -> forms.CharField:
    """A line of text; it must be filled in when there is a sentence for its absence."""
    messages = {"required": sentence, "max_length": f"Keep this within {longest} characters."}
    messages["null_characters_not_allowed"] = UNREADABLE
    widget = forms.TextInput(attrs={"class": "form-control", **attrs})
    return forms.CharField(
        label=label, max_length=longest, required=bool(sentence), error_messages=messages, widget=widget
    )


def date_field(label: str, sentence: str) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"class": "form-control", "type": "date"})
    limits = [MinValueValidator(EARLIEST, sentence), MaxValueValidator(LATEST, sentence)]
    messages = {"required": sentence, "invalid": sentence}
    return forms.DateField(label=label, error_messages=messages, validators=limits, widget=widget)


def choice_field(label: str, sentence: str, choices: Any = ()) -> forms.ChoiceField:
    messages = {"required": sentence, "invalid_choice": sentence}
    widget = forms.RadioSelect(attrs={"class": "form-selectgroup-input"})
    return forms.ChoiceField(label=label, choices=choices, error_messages=messages, widget=widget)


def whole_field(label: str, sentence: str, most: int, *, required: bool = True) -> forms.IntegerField:
    messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence)
    widget = forms.NumberInput(attrs={"class": "form-control", "min": "1", "max": str(most), "inputmode": "numeric"})
    return forms.IntegerField(
        label=label, required=required, min_value=1, max_value=most, error_messages=messages, widget=widget
    )


class SizedChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of rows that carry `n_members`."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.n_members:,} customers)"


def row_field(label: str, sentence: str, queryset: Any) -> Any:
    widget = forms.Select(attrs={"class": "form-select"})
    return SizedChoiceField(
        queryset,
        label=label,
        required=False,
        empty_label="Choose …",
        error_messages={"invalid_choice": sentence},
        widget=widget,
    )


def plain_number(value: Decimal | None) -> str:
    """As a person writes it: 30 and not 3E+1, 0.5 and not 0.5000."""
    return "" if value is None else f"{value.normalize():f}"


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
