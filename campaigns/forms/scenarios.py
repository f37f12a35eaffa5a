"""What people type to hold plans side by side, or to put in their own costs."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from campaigns.forms.fields import choice_field, date_field, midnight, number_field, row_field, text_field
from campaigns.models import Audience, Scenario
from campaigns.queries.planning import segments_to_reach
from campaigns.services.scenarios import LONGEST_NAME, ScenarioPlan, scenario_problems
from segments.models import Segment

SAME = "same"
AUDIENCES = [
    (SAME, "The same people"),
    (Audience.Kind.BEST, "The best customers for it"),
    (Audience.Kind.SEGMENT, "A segment"),
    (Audience.Kind.EVERYBODY, "Everybody"),
]
FIELD_OF = {
    "starts_at": "starts_on",
    "ends_at": "ends_on",
    "margin_share": "margin_percent",
    "past_campaign": "audience",
}
A_NUMBER = "Write this as a number, for example 0.50, or leave it empty."
PERCENT = Decimal(100)


class MoneyForm(forms.Form):
    """Costs, sales and margin in place of those the simulation took; what is left empty stays."""

    name = text_field("Name of this plan", LONGEST_NAME, "Give this plan a name, so that you can tell it from others.")
    cost_per_contact = number_field("Cost of one contact", A_NUMBER, 4, required=False)
    cost_per_redemption = number_field("Cost of one use", A_NUMBER, 2, required=False)
    revenue_per_redemption = number_field("Sales with one use", A_NUMBER, 2, required=False)
    margin_percent = number_field("Margin before the discount (%)", A_NUMBER, 1, required=False)

    def __init__(self, *args: Any, base: Scenario, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.base = base
        for name, line in base.assumptions.items():
            field = "margin_percent" if name == "margin_share" else name
            value = line["value"] * 100 if name == "margin_share" else line["value"]
            if field in self.fields:
                self.fields[field].widget.attrs["placeholder"] = f"{round(value, 2):g}"

    def money(self) -> dict[str, float]:
        """The cleaned fields that were filled in, by the names of the assumptions."""
        names = ("cost_per_contact", "cost_per_redemption", "revenue_per_redemption")
        typed = {name: self.cleaned_data.get(name) for name in names}
        margin = self.cleaned_data.get("margin_percent")
        typed["margin_share"] = None if margin is None else margin / PERCENT
        return {name: float(value) for name, value in typed.items() if value is not None}


class ScenarioForm(MoneyForm):
    """Another plan to hold beside the simulated one: what is left as it is stays the same."""

    benefit_percent = number_field("Customers save, in percent", A_NUMBER, 1, required=False)
    benefit_amount = number_field("… or save this amount", A_NUMBER, 2, required=False)
    response_change = number_field("Change in takers that you expect (%)", A_NUMBER, 1, required=False)
    audience = choice_field("Who should it reach?", "Say who this plan should reach.", AUDIENCES)
    segment = row_field("Segment", "Choose one of your segments.", Segment.objects.none())
    n_customers = forms.IntegerField(
        label="How many",
        required=False,
        error_messages={"invalid": "Write the number of customers as a whole number, for example 300."},
        widget=forms.NumberInput(attrs={"class": "form-control", "min": "1", "placeholder": "as many as pay back"}),
    )
    starts_on = date_field("First day", "Write the first day as a date, for example 2017-12-31.")
    ends_on = date_field("Last day", "Write the last day as a date, for example 2018-01-31.")

    def __init__(self, *args: Any, base: Scenario, **kwargs: Any) -> None:
        last_day = timezone.localdate(base.ends_at - timedelta(microseconds=1))
        usual = {"audience": SAME, "starts_on": timezone.localdate(base.starts_at), "ends_on": last_day}
        super().__init__(*args, base=base, initial={**usual, **kwargs.pop("initial", {})}, **kwargs)
        field: Any = self.fields["segment"]
        field.queryset = segments_to_reach()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in scenario_problems(self.base.simulation, self.plan()):
                self.add_error(FIELD_OF.get(problem.field, problem.field), problem.sentence)
        return cleaned

    def plan(self) -> ScenarioPlan:
        """The cleaned fields as the services take them."""
        cleaned = self.cleaned_data
        change = cleaned["response_change"]
        return ScenarioPlan(
            name=cleaned["name"],
            starts_at=self._moment("starts_on", 0, self.base.starts_at),
            ends_at=self._moment("ends_on", 1, self.base.ends_at),
            audience_rule=self._rule(cleaned),
            benefit_percent=cleaned["benefit_percent"],
            benefit_amount=cleaned["benefit_amount"],
            response_change=None if change is None else float(change) / 100,
            money=self.money(),
        )

    def _moment(self, name: str, days: int, usual: Any) -> Any:
        """Midnight of the day; a campaign that came with an hour keeps it where the day was left alone."""
        is_left_alone = self.cleaned_data[name] == self.initial[name]
        return usual if is_left_alone else midnight(self.cleaned_data[name] + timedelta(days=days))

    def _rule(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        kind = cleaned["audience"]
        if kind == SAME:
            rule: dict[str, Any] = self.base.audience_rule
            return rule
        if kind == Audience.Kind.SEGMENT:
            return {"kind": kind, "segment_id": cleaned["segment"] and cleaned["segment"].pk}
        return {"kind": kind, "n": cleaned["n_customers"]} if kind == Audience.Kind.BEST else {"kind": kind}
