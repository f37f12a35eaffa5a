"""How many scores each letter of RFM has."""

from typing import Any

from django import forms

from segments.engine.rfm import FEWEST, MOST, RfmSpec


def _scores_field(label: str) -> forms.IntegerField:
    sentence = f"Write a whole number from {FEWEST} to {MOST}."
    return forms.IntegerField(
        label=label,
        min_value=FEWEST,
        max_value=MOST,
        initial=RfmSpec().recency,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence),
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


class RfmForm(forms.Form):
    recency = _scores_field("Scores for the last order")
    frequency = _scores_field("Scores for the number of orders")
    monetary = _scores_field("Scores for spend")

    @property
    def spec(self) -> RfmSpec:
        chosen: dict[str, Any] = self.cleaned_data
        return RfmSpec(**chosen)
