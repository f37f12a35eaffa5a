"""What people type about offers and campaigns. Rules live in the services; here text becomes numbers and dates."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from campaigns.forms.audiences import AudienceFields, rule_of
from campaigns.forms.fields import (
    UNREADABLE,
    choice_field,
    date_field,
    midnight,
    number_field,
    text_field,
    whole_field,
)
from campaigns.models import Audience, NewProduct, Offer, OfferPolicy
from campaigns.models.campaigns import CHANNELS
from campaigns.queries.offers import categories_with_products
from campaigns.services.campaigns import LONGEST_COMMENT
from campaigns.services.offers import OfferPlan, offer_problems
from campaigns.services.plans import CampaignPlan, problems
from loyalty.models import Category

NEW_TYPE = "new type"
FIELD_OF = {"starts_at": "starts_on", "ends_at": "ends_on", "margin_share": "margin_percent", "currency": "budget"}
MOST_SKUS = 10_000


class CampaignForm(AudienceFields):
    """The builder: goal, audience, offers, schedule and limits."""

    name = text_field("Name", 200, "Give the campaign a name, so that you find it again.")
    goal = text_field("Goal", 300, placeholder="Bring back regular coffee buyers")
    type = choice_field("Type", "Say what type of campaign it is, so that it is compared with its like.")
    new_type = text_field("Name of the new type", 32)
    channel = choice_field("Channel", "Say how the campaign reaches people.", list(CHANNELS.items()))
    offers = forms.ModelMultipleChoiceField(
        Offer.objects.all(),
        required=False,
        error_messages={
            "invalid_choice": "One of the offers no longer exists. Choose the offers again.",
            "invalid_pk_value": "One of the offers no longer exists. Choose the offers again.",
            "invalid_list": "Choose the offers again.",
        },
    )
    starts_on = date_field("First day", "Write the first day as a date, for example 2017-12-31.")
    ends_on = date_field("Last day", "Write the last day as a date, for example 2018-01-31.")
    cost_per_contact = number_field(
        "Cost of reaching one customer",
        "Say what it costs to reach one customer, for example 0.50. Write 0 if it costs nothing.",
        4,
    )
    margin_percent = number_field(
        "Margin before the discount (%)",
        "Say how many percent of the sales are left after the cost of the goods, for example 30.",
        1,
    )
    budget = number_field(
        "Budget",
        "Write the budget as a number, for example 2500, or leave it empty.",
        2,
        required=False,
    )

    def __init__(self, *args: Any, types: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("cost_per_contact", "budget"):
            self.fields[name].label = f"{self.fields[name].label} ({settings.DEFAULT_CURRENCY})"
        self._field("type").choices = [(name, name) for name in types] + [(NEW_TYPE, "A new type")]

    def clean(self) -> dict[str, Any]:
        """Ask the services what is wrong with the whole, so that everything is told at once."""
        cleaned = super().clean() or {}
        if cleaned.get("type") == NEW_TYPE and not cleaned.get("new_type"):
            self.add_error("new_type", "Give the new type a name, for example “Welcome letter”.")
        unread = set(self.errors)
        for problem in problems(_plan({**_stand_ins(cleaned), **cleaned})):
            field = FIELD_OF.get(problem.field, problem.field)
            if field not in unread:
                self.add_error(field, problem.sentence)
        return cleaned

    def plan(self) -> CampaignPlan:
        """The cleaned fields as the services take them."""
        return _plan(self.cleaned_data)


def _stand_ins(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Values in order for fields that could not be read, so that the readable ones can be judged beside them."""
    day = cleaned.get("starts_on") or cleaned.get("ends_on") or date(2000, 1, 1)
    return {
        **dict.fromkeys(("name", "type", "new_type"), "unread"),
        **dict.fromkeys(("segment", "past_campaign", "n_customers", "uplift_model", "budget"), None),
        **dict.fromkeys(("n_alike", "seed_segment", "seed_campaign", "contacts_at_most", "contact_days"), None),
        **dict.fromkeys(("traits_reason", "equal_by"), ""),
        "leave_out_running": False,
        "leave_out_segments": (),
        "seed_customers": (),
        **dict.fromkeys(("cost_per_contact", "margin_percent"), Decimal(0)),
        **dict.fromkeys(("starts_on", "ends_on"), day),
        "goal": "",
        "channel": "mail",
        "audience": Audience.Kind.EVERYBODY,
        "offers": [],
    }


def _plan(cleaned: Mapping[str, Any]) -> CampaignPlan:
    return CampaignPlan(
        name=cleaned["name"],
        goal=cleaned["goal"],
        type=cleaned["new_type"] if cleaned["type"] == NEW_TYPE else cleaned["type"],
        channel=cleaned["channel"],
        starts_at=midnight(cleaned["starts_on"]),
        ends_at=midnight(cleaned["ends_on"] + timedelta(days=1)),
        currency=settings.DEFAULT_CURRENCY,
        offer_ids=tuple(offer.pk for offer in cleaned["offers"]),
        audience_rule=rule_of(cleaned),
        cost_per_contact=cleaned["cost_per_contact"],
        margin_share=cleaned["margin_percent"] / Decimal(100),
        budget=cleaned["budget"],
    )


class OfferForm(forms.Form):
    """A new offer: what is promised, for which products, at what cost."""

    name = text_field("Name", 200, "Give the offer a name, as customers would read it.")
    mechanic = choice_field("What kind of offer is it?", "Choose what kind of offer it is.", Offer.Mechanic.choices)
    benefit_percent = number_field(
        "Saves, in percent",
        "Write the percentage as a number, for example 20.",
        1,
        required=False,
    )
    benefit_amount = number_field(
        "Amount saved",
        "Write the amount as a number, for example 1.50.",
        2,
        required=False,
    )
    categories = forms.ModelMultipleChoiceField(
        Category.objects.none(),
        label="Categories",
        required=False,
        error_messages={"invalid_choice": "One of the categories no longer exists. Choose again."},
        widget=forms.SelectMultiple(attrs={"class": "form-select", "size": "8"}),
    )
    skus = forms.CharField(
        label="Article numbers",
        required=False,
        error_messages={"null_characters_not_allowed": UNREADABLE},
        widget=forms.Textarea(attrs={"class": "form-control", "rows": "4", "placeholder": "1001, 1002, 1003"}),
    )
    new_product: Any = forms.ModelChoiceField(
        NewProduct.objects.all(),
        required=False,
        error_messages={"invalid_choice": "This new product no longer exists. Choose other products."},
        widget=forms.HiddenInput,
    )
    cost_per_redemption = number_field(
        "Cost of one use",
        "Write the cost as a number, for example 0.96.",
        2,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("benefit_amount", "cost_per_redemption"):
            self.fields[name].label = f"{self.fields[name].label} ({settings.DEFAULT_CURRENCY})"
        categories: Any = self.fields["categories"]
        categories.queryset = categories_with_products()

    def clean_skus(self) -> tuple[str, ...]:
        """Article numbers, however somebody pasted them."""
        skus = tuple(dict.fromkeys(part for part in re.split(r"[\s,;]+", self.cleaned_data["skus"]) if part))
        if len(skus) > MOST_SKUS:
            raise forms.ValidationError(f"Paste at most {MOST_SKUS:,} article numbers, or choose a category.")
        return skus

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in offer_problems(self.plan()):
                self.add_error(problem.field, problem.sentence)
        return cleaned

    def plan(self) -> OfferPlan:
        """The cleaned fields as the services take them."""
        cleaned = self.cleaned_data
        return OfferPlan(
            name=cleaned["name"],
            mechanic=cleaned["mechanic"],
            currency=settings.DEFAULT_CURRENCY,
            category_ids=tuple(category.pk for category in cleaned["categories"]),
            skus=cleaned["skus"],
            benefit_percent=cleaned["benefit_percent"],
            benefit_amount=cleaned["benefit_amount"],
            cost_per_redemption=cleaned["cost_per_redemption"],
            new_product_id=cleaned["new_product"] and cleaned["new_product"].pk,
        )


class RejectionForm(forms.Form):
    """What a reviewer asks the author to change."""

    comment = forms.CharField(
        label="What should be changed?",
        max_length=LONGEST_COMMENT,
        error_messages={
            "required": "Say what should be changed, so that the author knows what to do.",
            "max_length": f"Keep the comment within {LONGEST_COMMENT} characters.",
            "null_characters_not_allowed": UNREADABLE,
        },
        widget=forms.Textarea(attrs={"class": "form-control", "rows": "3"}),
    )


class OfferPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """How a campaign gives out its offers."""

    mode = choice_field("Who decides?", "Say whether you decide on each suggestion.", OfferPolicy.Mode.choices)
    offers_per_customer = whole_field(
        "Offers for one customer, at most", "Write how many offers a customer may get, from 1 to 20.", 20
    )
    contacts_at_most = whole_field(
        "Campaigns a customer may get",
        "Write how many campaigns a customer may get in these days, from 1 to 100, or leave it empty.",
        100,
        required=False,
    )
    contact_days = whole_field(
        "Counted over, days", "Write over how many days campaigns are counted, from 1 to 365.", 365
    )

    class Meta:
        model = OfferPolicy
        fields = ["mode", "offers_per_customer", "contacts_at_most", "contact_days"]
