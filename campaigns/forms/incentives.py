"""What people type about benefits to weigh."""

from decimal import Decimal

from django import forms

from campaigns.engine.incentives import MOST_BENEFITS
from campaigns.forms.fields import number_field
from campaigns.services.incentives import IncentivesAsked


class IncentivesForm(forms.Form):
    """Up to four benefits to choose from, what may be spent, and how people answer to a larger one."""

    benefit_1 = number_field("First benefit", "Write what one use gives, for example 1.00.", 2)
    benefit_2 = number_field("Second", "Write what one use gives, for example 1.50.", 2, required=False)
    benefit_3 = number_field("Third", "Write what one use gives, for example 2.00.", 2, required=False)
    benefit_4 = number_field("Fourth", "Write what one use gives, for example 3.00.", 2, required=False)
    budget = number_field(
        "Budget", "Write the budget as a number, for example 2500, or leave it empty.", 2, required=False
    )
    odds = number_field(
        "A doubled benefit multiplies the odds of taking it by",
        "Write a factor from 1 to 10, for example 1.3, or leave it empty.",
        2,
        required=False,
    )

    def asked(self) -> IncentivesAsked:
        """The cleaned fields as the services take them."""
        given = [self.cleaned_data[f"benefit_{place}"] for place in range(1, MOST_BENEFITS + 1)]
        return IncentivesAsked(
            benefits=tuple(float(one) for one in given if one is not None),
            budget=_float(self.cleaned_data["budget"]),
            odds=_float(self.cleaned_data["odds"]),
        )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
