from django import forms

from recommender.models import Retraining


class RetrainingForm(forms.Form):
    mode = forms.ChoiceField(choices=Retraining.Mode.choices, label="By itself")
    every_days = forms.IntegerField(min_value=1, max_value=365, initial=7, label="Every so many days")
    window_months = forms.IntegerField(
        min_value=5,
        max_value=120,
        required=False,
        label="On the last so many months",
        help_text="Empty: on all history. Fewer than five months are too few to learn from and to check it.",
    )


class TuningForm(forms.Form):
    kind = forms.ChoiceField(label="What is searched for")
    minutes = forms.IntegerField(min_value=1, max_value=240, initial=15, label="Minutes at most")

    def __init__(self, *args: object, choices: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]
