"""What people say about a finished trial: its file, which column is what, what a contact costs."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from campaigns.forms.fields import date_field, midnight
from campaigns.models import Trial
from campaigns.services.trials.plans import (
    ROLES,
    TrialPlan,
    known_before,
    read_shares,
    suggest_control,
    suggest_roles,
)
from loyalty.services.ingest import FileLook

LABELS = {
    "arm": "Which group a person was in",
    "outcome": "What the person did",
    "value": "Money that came",
    "attributed": "Money credited to the campaign",
    "propensity": "Chance of having been put into the group",
    "person": "The customer's id",
    "household": "The household, where households were drawn and not people",
}
HELP = {
    "outcome": "1 or 0, yes or no, a count, or an amount.",
    "propensity": "Only where it was not the same for everybody.",
    "person": "Ties people to your customers.",
}


class TrialUploadForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=120,
        help_text="What you will call this trial.",
        error_messages={
            "required": "Give the trial a name.",
            "max_length": "Keep this within 120 characters.",
            "null_characters_not_allowed": "Remove the unreadable sign.",
        },
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    file = forms.FileField(
        label="File",
        help_text="One row a person; CSV, Excel or Parquet with a heading in its first line. CSV may be a .gz.",
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty. Choose one with a heading and at least one row.",
        },
        widget=forms.FileInput(
            attrs={"class": "form-control", "accept": ".csv,.txt,.tsv,.gz,.xlsx,.xls,.ods,.parquet"}
        ),
    )


def _amount(label: str, least: Decimal, help_text: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=least,
        max_digits=12,
        decimal_places=4,
        help_text=help_text,
        error_messages={
            "invalid": "Write an amount, like 0.45.",
            "min_value": f"{label}: this cannot be below {least}.",
            "max_digits": "Write this amount with fewer digits.",
            "max_decimal_places": "Write this amount with at most 4 digits after the point.",
            "max_whole_digits": "Write this amount with fewer digits.",
        },
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "decimal", "step": "any"}),
    )


def _day(label: str, help_text: str) -> forms.DateField:
    field = date_field(label, "Write the day as a date, for example 2017-12-31.")
    field.required, field.help_text = False, help_text
    return field


class CostForm(forms.Form):
    """What may be said before a trial is taken in or afterwards: its price, and on which days it ran."""

    contact_cost = _amount("What a contact costs", Decimal(0), "Leave empty if you do not know yet.")
    outcome_value = _amount("What one outcome is worth", Decimal("0.0001"), "Margin, not revenue, if you can say it.")
    starts_on = _day("First day of the trial", "What was known of your customers before it may rank them.")
    ends_on = _day("Last day", "Until when you counted what people did.")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if (told.get("contact_cost") is None) != (told.get("outcome_value") is None) and not self.errors:
            self.add_error("outcome_value", "Give both: what a contact costs, and what one outcome is worth.")
        first, last = told.get("starts_on"), told.get("ends_on")
        if (first is None) != (last is None) and not self.errors:
            self.add_error("ends_on", "Give both: the first day of the trial and the last one.")
        elif first and last and last < first:
            self.add_error("ends_on", "The last day of the trial must not be before its first day.")
        return told

    def worth(self) -> dict[str, Any]:
        """The cleaned fields as the services take them: half-open, the last day included."""
        told, last = self.cleaned_data, self.cleaned_data["ends_on"]
        return {
            "contact_cost": told["contact_cost"],
            "outcome_value": told["outcome_value"],
            "starts_at": told["starts_on"] and midnight(told["starts_on"]),
            "ends_at": last and midnight(last + timedelta(days=1)),
        }


def cost_form(trial: Trial) -> CostForm:
    """The form as it was filled in for this trial."""
    last = trial.ends_at and timezone.localdate(trial.ends_at - timedelta(microseconds=1))
    days = {"starts_on": trial.starts_at and timezone.localdate(trial.starts_at), "ends_on": last}
    return CostForm(initial={"contact_cost": trial.contact_cost, "outcome_value": trial.outcome_value, **days})


class TrialPlanForm(CostForm):
    """A select for every role, the name of the control, and which columns were known before the campaign."""

    field_order = [
        "arm",
        "control",
        "outcome",
        "value",
        "attributed",
        "person",
        "household",
        "propensity",
        "shares",
        "before",
    ]

    def __init__(self, look: FileLook, *, data: Any = None) -> None:
        roles = suggest_roles(look.names)
        seen = [sample for column in look.columns if column.name == roles["arm"] for sample in column.samples]
        super().__init__(
            data, initial={**roles, "control": suggest_control(seen), "before": known_before(look.names, roles)}
        )
        for role in ROLES:
            self.fields[role] = _column(look, role)
        self.fields["control"] = forms.CharField(
            label="What the group is called that got nothing",
            max_length=100,
            help_text=f"For example {', '.join(f'“{one}”' for one in seen)}." if seen else "",
            error_messages={"required": "Name the group that got nothing."},
            widget=forms.TextInput(attrs={"class": "form-control"}),
        )
        self.fields["shares"] = forms.CharField(
            label="Planned share of each group",
            required=False,
            help_text="One group a line. Groups that are not as large as planned tell that something went wrong.",
            error_messages={"null_characters_not_allowed": "Remove the unreadable sign."},
            widget=forms.Textarea(attrs={"class": "form-control", "rows": "3", "placeholder": _example(seen)}),
        )
        self.fields["before"] = forms.MultipleChoiceField(
            label="What was known of people before the campaign",
            required=False,
            choices=[(name, name) for name in look.names],
            help_text="Never what was measured after: that would tell the answer.",
            error_messages={"invalid_choice": "There is no column “%(value)s”."},
            widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        )
        self.order_fields(self.field_order)

    def clean_shares(self) -> dict[str, float]:
        try:
            return read_shares(self.cleaned_data["shares"])
        except ValueError as error:
            raise forms.ValidationError("Write one group a line with its share, like “e-mail = 50%”.") from error

    def suggested(self) -> TrialPlan | None:
        """What the headings say, where they say enough to look at the rows."""
        told = self.initial
        if not (told["arm"] and told["outcome"] and told["control"]):
            return None
        roles = {role: told[role] for role in ROLES}
        return TrialPlan(**roles, control=told["control"], before=tuple(told["before"]))

    def plan(self) -> TrialPlan:
        told = self.cleaned_data
        roles = {role: told[role] for role in ROLES}
        before = tuple(name for name in told["before"] if name not in roles.values())
        currency = settings.DEFAULT_CURRENCY
        known = {"control": told["control"], "before": before, "shares": told["shares"], "currency": currency}
        return TrialPlan(**roles, **known, **self.worth())


def _example(arms: Sequence[str]) -> str:
    names = list(dict.fromkeys(arms))[:4] if len(set(arms)) > 1 else ["nothing", "e-mail"]
    return "\n".join(f"{name} = {100 / len(names):.0f}%" for name in names)


def _column(look: FileLook, role: str) -> forms.ChoiceField:
    is_needed = role in ("arm", "outcome")
    return forms.ChoiceField(
        label=LABELS[role],
        required=is_needed,
        choices=[("", "Choose a column" if is_needed else "Not in the file"), *((name, name) for name in look.names)],
        help_text=HELP.get(role, ""),
        error_messages={
            "required": "Choose the column that tells this.",
            "invalid_choice": "There is no column “%(value)s”.",
        },
        widget=forms.Select(attrs={"class": "form-select"}),
    )
