"""What a campaign costs and brings per person, and where each figure comes from. All of it can be edited."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count

from campaigns.engine.simulation import Assumptions
from campaigns.models import Campaign, Offer
from campaigns.queries.history import TiedMoney, tied_money

# Starting points where neither the campaign nor history says anything; always shown as assumed.
CONTACT_COSTS = {"mail": 0.30, "email": 0.01, "sms": 0.05, "push": 0.0}
MARGIN_SHARE = 0.30


@dataclass(frozen=True)
class Assumption:
    """One figure: its value, where it comes from (campaign, offer, history, assumed), and that in words."""

    value: float
    source: str
    note: str


@dataclass(frozen=True)
class AssumptionSet:
    cost_per_contact: Assumption
    cost_per_redemption: Assumption
    revenue_per_redemption: Assumption
    margin_share: Assumption
    units_per_redemption: Assumption
    points_share: Assumption

    def for_engine(self) -> Assumptions:
        return Assumptions(
            self.cost_per_contact.value,
            self.cost_per_redemption.value,
            self.revenue_per_redemption.value,
            self.margin_share.value,
            self.units_per_redemption.value,
            self.points_share.value,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def assumptions_for(campaign: Campaign, as_of: datetime) -> AssumptionSet:
    """What the campaign and its offers say, else what history before `as_of` says, else an assumed start."""
    tied = tied_money(until=as_of, zone=settings.TIME_ZONE)
    return AssumptionSet(
        _contact_cost(campaign),
        _redemption_cost(campaign, tied),
        _revenue(tied),
        _margin(campaign),
        _units(tied),
        _points(campaign),
    )


def _contact_cost(campaign: Campaign) -> Assumption:
    if campaign.cost_per_contact is not None:
        return Assumption(float(campaign.cost_per_contact), "campaign", "As entered in the campaign.")
    note = f"Assumed for {campaign.channel}. Enter your own cost in the campaign."
    return Assumption(CONTACT_COSTS.get(campaign.channel, 0.0), "assumed", note)


def _redemption_cost(campaign: Campaign, tied: TiedMoney) -> Assumption:
    costs = Offer.objects.filter(campaigns=campaign).aggregate(
        cost=Avg("cost_per_redemption"), known=Count("cost_per_redemption"), n=Count("id")
    )
    if costs["n"] and costs["known"] == costs["n"]:
        return Assumption(float(costs["cost"]), "offer", "What one use costs you, as entered with the offers.")
    return Assumption(tied.discount_per_redemption, "history", _tied_note("Mean benefit given", tied))


def _revenue(tied: TiedMoney) -> Assumption:
    note = _tied_note("Mean sales of the offered products", tied)
    return Assumption(tied.revenue_per_redemption, "history", f"{note} Not all of it is extra.")


def _margin(campaign: Campaign) -> Assumption:
    if campaign.margin_share is not None:
        return Assumption(float(campaign.margin_share), "campaign", "As entered in the campaign.")
    return Assumption(MARGIN_SHARE, "assumed", "Assumed. Enter your own margin in the campaign.")


def _units(tied: TiedMoney) -> Assumption:
    if not tied.units_per_redemption > 0:
        return Assumption(1.0, "assumed", "Assumed: one piece with every use.")
    return Assumption(tied.units_per_redemption, "history", _tied_note("Mean pieces of the offered products", tied))


def _points(campaign: Campaign) -> Assumption:
    """How much of the benefit is given as points: what is owed until customers spend them."""
    mechanics = list(Offer.objects.filter(campaigns=campaign).values_list("mechanic", flat=True))
    n_points = sum(mechanic == Offer.Mechanic.POINTS for mechanic in mechanics)
    note = f"{n_points} of {len(mechanics)} offers give points; points are owed until they are spent."
    return Assumption(n_points / len(mechanics) if mechanics else 0.0, "offer", note)


def _tied_note(what: str, tied: TiedMoney) -> str:
    if not tied.redemptions:
        return "No past redemption can be found in an order, so this is unknown and taken as 0."
    return f"{what} in the {tied.redemptions} past redemptions that can be found in an order."
