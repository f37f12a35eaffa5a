"""What a campaign really brought, in the words of the forecast, so that the two can stand side by side."""

from datetime import datetime

import numpy as np
from django.conf import settings

from campaigns.engine.frames import DECIDED_BEFORE
from campaigns.engine.simulation import METRICS, Assumptions, money
from campaigns.models import Campaign, Outcome
from campaigns.queries.history import TiedMoney, tied_money
from campaigns.queries.reception import campaign_reception
from campaigns.services.assumptions import AssumptionSet, assumptions_for
from campaigns.services.ledger import join_outcome
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import Progress

COUNTS = {"reach", "redeemers", "redemptions"}


def record_outcomes(*, campaign: Campaign, until: datetime, report: Progress) -> list[Outcome]:
    """Count what happened in the campaign's window before `until`. Counting again replaces the count."""
    horizon = data_horizon()
    observed_until = min(moment for moment in (until, campaign.ends_at, horizon) if moment is not None)
    tied = tied_money(until=observed_until, zone=settings.TIME_ZONE, campaign_id=campaign.pk)
    assumptions = assumptions_for(campaign, campaign.starts_at - DECIDED_BEFORE)
    values = _values(campaign, observed_until, tied, assumptions)
    notes = _notes(values["redemptions"], tied, assumptions)
    outcomes = [
        Outcome(
            campaign=campaign,
            metric=metric,
            value=values[metric],
            currency="" if metric in COUNTS else campaign.currency,
            observed_until=observed_until,
            is_complete=observed_until >= campaign.ends_at,
            note=notes.get(metric, ""),
        )
        for metric in METRICS
    ]
    with report.writing():
        join_outcome(campaign, until=observed_until)
        return Outcome.objects.bulk_create(
            outcomes,
            update_conflicts=True,
            unique_fields=["campaign", "metric"],
            update_fields=["value", "currency", "observed_until", "is_complete", "note"],
        )


def _values(campaign: Campaign, until: datetime, tied: TiedMoney, assumptions: AssumptionSet) -> dict[str, float]:
    reception = campaign_reception(campaign_id=campaign.pk, until=until)
    n_contacts, redemptions = len(reception.redemptions), int(reception.redemptions.sum())
    stated = assumptions.cost_per_redemption
    as_it_was = Assumptions(
        cost_per_contact=assumptions.cost_per_contact.value,
        # What the offers state is what a use cost; only where they say nothing do the orders have to tell.
        cost_per_redemption=stated.value if stated.source == "offer" else tied.discount_per_redemption,
        revenue_per_redemption=max(tied.revenue_per_redemption, 0.0),
        margin_share=assumptions.margin_share.value,
        units_per_redemption=max(tied.units_per_redemption, 0.0),
        points_share=assumptions.points_share.value,
    )
    brought = money(n_contacts, np.array([redemptions], dtype=np.float64), as_it_was)
    counts = {"reach": n_contacts, "redeemers": int((reception.redemptions > 0).sum()), "redemptions": redemptions}
    return {**counts, **{metric: float(amounts[0]) for metric, amounts in brought.items()}}


def _notes(redemptions: float, tied: TiedMoney, assumptions: AssumptionSet) -> dict[str, str]:
    seen = f"{tied.redemptions:,} of {redemptions:,.0f} redemptions can be found in an order"
    scaled = f"Only {seen}; the rest are taken to be like them."
    assumed = f"{scaled} Cost of contact and margin are those assumed."
    is_stated = assumptions.cost_per_redemption.source == "offer"
    return {
        "units": scaled,
        "revenue": scaled,
        "discount_cost": "Uses times the cost entered with the offers." if is_stated else scaled,
        "points_liability": "The part of the benefit that was given as points.",
        "contact_cost": "Customers reached times the cost assumed.",
        "margin": assumed,
        "profit": assumed,
    }
