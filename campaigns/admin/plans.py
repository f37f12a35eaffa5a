"""The browser's own forms on the admin's add pages: one set of rules, and the admin's widgets."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget, AdminTextInputWidget, AutocompleteSelectMultiple
from django.db.models import Model

from campaigns.forms import CampaignForm, OfferForm
from campaigns.models import Campaign, Offer
from campaigns.queries.campaigns import campaign_types


class AsModelForm:
    """What the admin expects of a form that makes one row. The row itself is made by the service, in `save_model`."""

    model: ClassVar[type[Model]]
    fields: dict[str, forms.Field]

    def _dress(self, instance: Model | None, widgets: dict[str, forms.Widget]) -> None:
        self.instance = instance or self.model()
        for name, widget in widgets.items():
            self._wear(self.fields[name], widget)

    def _wear(self, field: Any, widget: forms.Widget) -> None:
        choices = getattr(field.widget, "choices", None)
        widget.is_required = field.required
        field.widget = widget
        if choices is not None:
            field.widget.choices = choices

    def save(self, commit: bool = True) -> Model:
        return self.instance

    def save_m2m(self) -> None:
        """The service has written everything."""


class CampaignAddForm(AsModelForm, CampaignForm):
    model = Campaign

    def __init__(self, data: Any = None, files: Any = None, *, instance: Campaign | None = None, **kwargs: Any) -> None:
        super().__init__(data, files, types=campaign_types(), **kwargs)
        chosen = AutocompleteSelectMultiple(Campaign._meta.get_field("offers"), admin.site)
        widgets: dict[str, forms.Widget] = {name: forms.Select() for name in ("type", "channel", "audience")}
        widgets |= {name: AdminTextInputWidget() for name in ("name", "goal", "new_type")}
        widgets |= {name: AdminDateWidget() for name in ("starts_on", "ends_on")}
        self._dress(instance, {**widgets, "offers": chosen})


class OfferAddForm(AsModelForm, OfferForm):
    model = Offer

    def __init__(self, data: Any = None, files: Any = None, *, instance: Offer | None = None, **kwargs: Any) -> None:
        super().__init__(data, files, **kwargs)
        self._dress(instance, {"mechanic": forms.Select(), "name": AdminTextInputWidget()})
