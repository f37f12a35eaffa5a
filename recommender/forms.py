from decimal import Decimal
from typing import Any

from django import forms

from recommender.models import Retraining
from recommender.services.requests import WAYS_TO_COMPRESS

LOSS = "What it may lose at most: write a percentage from 0.1 to 10, with one decimal."
FAULTS = ("required", "invalid", "min_value", "max_value", "invalid_choice")


def _whole_field(label: str, sentence: str, between: tuple[int, int], **more: Any) -> forms.IntegerField:
    least, most = between
    told = dict.fromkeys(FAULTS, sentence)
    return forms.IntegerField(label=label, min_value=least, max_value=most, error_messages=told, **more)


class RetrainingForm(forms.Form):
    mode = forms.ChoiceField(
        choices=Retraining.Mode.choices,
        label="By itself",
        error_messages=dict.fromkeys(FAULTS, "Choose whether it is trained by itself."),
    )
    every_days = _whole_field("Every so many days", "Write a whole number of days, from 1 to 365.", (1, 365))
    window_months = _whole_field(
        "On the last so many months",
        "Write a whole number of months, from 5 to 120, or leave it empty.",
        (5, 120),
        required=False,
        help_text="Empty: on all history. Fewer than five months are too few to learn from and to check it.",
    )


class CompressionForm(forms.Form):
    how = forms.ChoiceField(
        choices=list(WAYS_TO_COMPRESS.items()),
        label="How",
        error_messages=dict.fromkeys(FAULTS, "Choose how to make it smaller."),
    )
    tolerated_percent = forms.DecimalField(
        label="It may lose at most, in %",
        min_value=Decimal("0.1"),
        max_value=10,
        max_digits=4,
        decimal_places=1,
        initial=Decimal("1.0"),
        error_messages={
            **dict.fromkeys(FAULTS, LOSS),
            "max_digits": LOSS,
            "max_decimal_places": LOSS,
            "max_whole_digits": LOSS,
        },
        help_text="Of how well it ranks what customers then bought. A smaller copy that may lose more is not kept.",
    )


class TuningForm(forms.Form):
    kind = forms.ChoiceField(
        label="What is searched for", error_messages=dict.fromkeys(FAULTS, "Choose what to search for.")
    )
    minutes = _whole_field(
        "Minutes at most", "Minutes at most: write a whole number from 1 to 240.", (1, 240), initial=15
    )

    def __init__(self, *args: object, choices: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]
