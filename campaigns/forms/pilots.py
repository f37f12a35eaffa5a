"""What people type about a pilot."""

from typing import Any

from django import forms

from campaigns.models import Campaign
from campaigns.services.pilots import Pilot

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

    def pilot(self) -> Pilot:
        """The cleaned fields as the services take them; a sent campaign speaks for itself."""
        chosen, days = self.cleaned_data["campaign"], self.cleaned_data["days"]
        if chosen is not None:
            return Pilot(chosen.n_members, chosen.n_took, days)
        return Pilot(self.cleaned_data["n_sent"], self.cleaned_data["n_took"], days)
