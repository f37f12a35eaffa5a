"""What people type about whom to reach: a kind and what it needs, who is left out, how equal it should be."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from campaigns.forms.fields import UNREADABLE, choice_field, row_field, text_field, whole_field
from campaigns.models import Audience, Campaign, UpliftModel
from campaigns.queries.planning import campaigns_with_known_audience, segments_to_reach
from campaigns.queries.reach import TRAITS
from campaigns.queries.trials import ranking_models
from campaigns.queries.uplift import uplift_verdict
from segments.models import Segment

AUDIENCES = [
    (Audience.Kind.BEST, "The best customers for it"),
    (Audience.Kind.SEGMENT, "A segment"),
    (Audience.Kind.IMPORTED, "The same people as in a past campaign"),
    (Audience.Kind.LOOKALIKE, "Customers like those on a list"),
    (Audience.Kind.EVERYBODY, "Everybody"),
]


class AudienceFields(forms.Form):
    """The part of the builder that says whom a campaign should reach."""

    audience = choice_field("Who should it reach?", "Say who the campaign should reach.", AUDIENCES)
    segment = row_field("Segment", "Choose one of your segments.", Segment.objects.none())
    n_customers = forms.IntegerField(
        label="How many",
        required=False,
        error_messages={"invalid": "Write the number of customers as a whole number, for example 300."},
        widget=forms.NumberInput(attrs={"class": "form-control", "min": "1", "placeholder": "as many as pay back"}),
    )
    uplift_model = forms.ModelChoiceField(
        UpliftModel.objects.none(),
        label="The best are those",
        required=False,
        empty_label="who are most likely to take it",
        error_messages={"invalid_choice": "This trial cannot rank customers any more. Choose again."},
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    past_campaign = row_field(
        "Past campaign", "Choose a past campaign whose recipients are known.", Campaign.objects.none()
    )
    n_alike = forms.IntegerField(
        label="Number of people like them",
        required=False,
        error_messages={"invalid": "Write the number of customers as a whole number, for example 300."},
        widget=forms.NumberInput(attrs={"class": "form-control", "min": "1", "placeholder": "as many as on the list"}),
    )
    seed_segment = row_field("Like a segment", "Choose one of your segments.", Segment.objects.none())
    seed_campaign = row_field(
        "Or like those who got a past campaign",
        "Choose a past campaign whose recipients are known.",
        Campaign.objects.none(),
    )
    seed_customers = forms.CharField(
        label="Or like these customers",
        required=False,
        error_messages={"null_characters_not_allowed": UNREADABLE},
        widget=forms.Textarea(attrs={"class": "form-control", "rows": "3", "placeholder": "1001, 1002, 1003"}),
    )
    traits_reason = text_field("Why age, gender, income and place may be used", 300)
    leave_out_running = forms.BooleanField(
        label="Leave out people who get another campaign on these days",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    leave_out_segments = forms.ModelMultipleChoiceField(
        Segment.objects.none(),
        label="Leave out these segments",
        required=False,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value", "invalid_list"),
            "One of the segments no longer exists. Choose again whom to leave out.",
        ),
        widget=forms.SelectMultiple(attrs={"class": "form-select", "size": "4"}),
    )
    contacts_at_most = whole_field(
        "Other campaigns a customer may get",
        "Write how many campaigns a customer may get, from 1 to 100, or leave it empty.",
        100,
        required=False,
    )
    contact_days = whole_field(
        "Counted over, days", "Write over how many days campaigns are counted, from 1 to 365.", 365, required=False
    )
    equal_by = forms.ChoiceField(
        label="Reach every kind of customer alike, by",
        required=False,
        choices=[("", "no: the best, whoever they are"), *TRAITS.items()],
        error_messages={"invalid_choice": "Choose one of these, or none."},
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("past_campaign", "seed_campaign"):
            self._field(name).queryset = campaigns_with_known_audience()
        for name in ("segment", "seed_segment", "leave_out_segments"):
            self._field(name).queryset = segments_to_reach()
        ranking: Any = self._field("uplift_model")
        ranking.queryset, ranking.help_text = ranking_models(), uplift_verdict().sentence
        ranking.label_from_instance = _changed_most

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def clean_seed_customers(self) -> tuple[str, ...]:
        """Customers' numbers, however somebody pasted them."""
        return tuple(dict.fromkeys(part for part in re.split(r"[\s,;]+", self.cleaned_data["seed_customers"]) if part))


def rule_of(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The cleaned fields as a rule of whom to reach."""
    kind = cleaned["audience"]
    needed = {
        Audience.Kind.SEGMENT: {"segment_id": cleaned["segment"] and cleaned["segment"].pk},
        Audience.Kind.BEST: {"n": cleaned["n_customers"], **_ranking(cleaned)},
        Audience.Kind.IMPORTED: {"campaign_id": cleaned["past_campaign"] and cleaned["past_campaign"].pk},
        Audience.Kind.LOOKALIKE: {"n": cleaned["n_alike"], **_seeds(cleaned)},
    }
    return {"kind": str(kind), **needed.get(kind, {}), **_limits(cleaned)}


def _changed_most(model: UpliftModel) -> str:
    return f"whom “{model.arm}” changes most, as the trial “{model.trial}” says"


def _ranking(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    return {"uplift_model": cleaned["uplift_model"].pk} if cleaned["uplift_model"] else {}


def _seeds(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        "seed_segment_id": cleaned["seed_segment"] and cleaned["seed_segment"].pk,
        "seed_campaign_id": cleaned["seed_campaign"] and cleaned["seed_campaign"].pk,
        "seed_customers": list(cleaned["seed_customers"]),
        "traits_reason": cleaned["traits_reason"].strip(),
    }
    return {name: value for name, value in given.items() if value}


def _limits(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Only what somebody asked for, so that a rule without limits stays as short as it was."""
    given = {
        "leave_out_running": cleaned["leave_out_running"],
        "leave_out_segments": [segment.pk for segment in cleaned["leave_out_segments"]],
        "contacts_at_most": cleaned["contacts_at_most"],
        "contact_days": cleaned["contacts_at_most"] and cleaned["contact_days"],
        "equal_by": cleaned["equal_by"],
    }
    return {name: value for name, value in given.items() if value}
