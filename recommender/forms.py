from typing import Any

from django import forms

from recommender.models import Retraining

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
