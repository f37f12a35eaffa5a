"""What people type about a pilot."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from campaigns.engine.pilot import PilotPlan
from campaigns.forms.fields import date_field, midnight, whole_field
from campaigns.models import Campaign, Simulation
from campaigns.services.pilot_draws import PilotPlanned
from campaigns.services.pilots import PilotTold

WHOLE = "Write this as a whole number, or choose the campaign that was the pilot."


class _SentChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.n_took:,} of {obj.n_members:,} took it)"


def _counted(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        max_value=10**9,
        error_messages=dict.fromkeys(("invalid", "max_value"), WHOLE),
        widget=forms.NumberInput(attrs={"class": "form-control", "min": "0", "inputmode": "numeric"}),
    )


MOST = 10**6
# Enough days for most of those who take an offer at all, where the campaign itself leaves no room for more.
SHORTEST_ROOM = timedelta(days=7)


class PilotDrawForm(forms.Form):
    """How many get it first, and when."""

    n = whole_field("How many get it first", "Write how many customers get it first as a whole number.", MOST)
    starts_on = date_field("First day", "Write the first day as a date, for example 2017-12-31.")
    ends_on = date_field("Last day", "Write the last day as a date, for example 2018-01-31.")

    def plan(self) -> PilotPlanned:
        """The cleaned fields as the services take them."""
        cleaned = self.cleaned_data
        ends_at = midnight(cleaned["ends_on"] + timedelta(days=1))
        return PilotPlanned(cleaned["n"], midnight(cleaned["starts_on"]), ends_at)


def suggested_draw(simulation: Simulation, advice: PilotPlan) -> dict[str, Any]:
    """As many as halve the interval, on the days between what is known and the campaign itself."""
    campaign, best = simulation.campaign, advice.halving or (advice.sizes[-1] if advice.sizes else None)
    first = timezone.localdate(simulation.as_of) + timedelta(days=1)
    return {"n": best.n if best else None, "starts_on": first, "ends_on": _last_day(first, campaign)}


def _last_day(first: date, campaign: Campaign) -> date:
    before = campaign.first_day - timedelta(days=1)
    return before if before - first >= SHORTEST_ROOM else first + timedelta(days=campaign.n_days - 1)


class PilotForm(forms.Form):
    """Numbers of a pilot, or the sent campaign that was one."""

    n_sent = _counted("Customers who got it")
    n_took = _counted("Customers who took it")
    days = _counted("Days since it was sent")
    campaign: Any = _SentChoiceField(
        Campaign.objects.none(),
        label="Or read it from a campaign that was sent",
        required=False,
        empty_label="Choose …",
        error_messages={"invalid_choice": "Choose one of the campaigns of the list."},
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, sent: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["campaign"]
        field.queryset = sent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("campaign"):
            for name in ("n_sent", "n_took"):
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, WHOLE)
        return cleaned

    def pilot(self) -> PilotTold:
        """The cleaned fields as the services take them; a sent campaign speaks for itself."""
        chosen, days = self.cleaned_data["campaign"], self.cleaned_data["days"]
        if chosen is not None:
            return PilotTold(chosen.n_members, chosen.n_took, days)
        return PilotTold(self.cleaned_data["n_sent"], self.cleaned_data["n_took"], days)
