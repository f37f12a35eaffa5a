"""What people type about a product nobody has bought yet."""

from typing import Any

from django import forms
from django.conf import settings

from campaigns.forms.fields import UNREADABLE, number_field, text_field, whole_field
from campaigns.services.new_products import NewProductPlan, new_product_problems


class NewProductForm(forms.Form):
    """A product nobody has bought yet, as somebody thinks of it."""

    name = text_field("Name", 200, "Give the product a name.")
    category = text_field(
        "Category",
        300,
        "Choose the category it belongs to: nothing tells more about its buyers.",
        list="category-paths",
        autocomplete="off",
    )
    brand = text_field("Brand", 100)
    price = number_field("Price of a piece", "Write the price as a number, for example 2.49.", 2)
    attributes = forms.CharField(
        label="What else is known",
        required=False,
        error_messages={"null_characters_not_allowed": UNREADABLE},
        widget=forms.Textarea(attrs={"class": "form-control", "rows": "3", "placeholder": "package_size: 12 OZ"}),
    )
    text = forms.CharField(
        label="Description",
        required=False,
        error_messages={"null_characters_not_allowed": UNREADABLE},
        widget=forms.Textarea(attrs={"class": "form-control", "rows": "2"}),
    )
    sku = text_field("Article number it will have", 64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price"].label = f"{self.fields['price'].label} ({settings.DEFAULT_CURRENCY})"

    def clean_attributes(self) -> dict[str, str]:
        """A line each, the name before the first colon."""
        lines = [line for line in self.cleaned_data["attributes"].splitlines() if line.strip()]
        if any(":" not in line for line in lines):
            raise forms.ValidationError("Write each attribute on a line of its own, such as “package_size: 12 OZ”.")
        parts = (line.split(":", 1) for line in lines)
        return {name.strip(): value.strip() for name, value in parts}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in new_product_problems(self.plan()):
                self.add_error(problem.field, problem.sentence)
        return cleaned

    def plan(self) -> NewProductPlan:
        """The cleaned fields as the services take them."""
        return NewProductPlan(
            **{name: self.cleaned_data[name] for name in self.fields}, currency=settings.DEFAULT_CURRENCY
        )


class FirstBuyersForm(forms.Form):
    """How many of the likeliest buyers of a new product make a segment."""

    n = whole_field("How many", "Write how many customers, from 1 to 1,000.", 1_000)
