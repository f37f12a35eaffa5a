"""What a simulated campaign brings and costs: stated assumptions times back-tested counts."""

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray


@dataclass(frozen=True)
class Assumptions:
    """Money the simulation takes as given, in the currency of the campaign.

    Attributes
    ----------
    cost_per_contact, cost_per_redemption, revenue_per_redemption : float
        Not negative.
    margin_share : float
        Share of revenue left after the cost of goods, 0 to 1, before the discount.
    units_per_redemption : float, default=1
        Pieces bought with one redemption; not negative.
    points_share : float, default=0
        Share of the cost of the benefit that is given as points, 0 to 1: owed until they are spent.
    """

    cost_per_contact: float
    cost_per_redemption: float
    revenue_per_redemption: float
    margin_share: float
    units_per_redemption: float = 1.0
    points_share: float = 0.0

    def __post_init__(self) -> None:
        given = (self.cost_per_contact, self.cost_per_redemption, self.revenue_per_redemption)
        if min(*given, self.units_per_redemption) < 0:
            raise ValueError("costs, revenue and units must not be negative")
        if not 0 <= self.margin_share <= 1:
            raise ValueError("margin_share must lie between 0 and 1")
        if not 0 <= self.points_share <= 1:
            raise ValueError("points_share must lie between 0 and 1")

    @property
    def value_per_redemption(self) -> float:
        """Margin left by one redemption after its discount."""
        return self.revenue_per_redemption * self.margin_share - self.cost_per_redemption


def money(n_contacts: int, redemptions: FloatArray | IntArray, assumptions: Assumptions) -> dict[str, FloatArray]:
    """Turn redemptions into units, revenue, costs, margin and profit, each of the shape of `redemptions`.

    What is owed in points is a part of the cost of the benefit and not taken off the profit once more.
    """
    revenue = redemptions * assumptions.revenue_per_redemption
    discount = redemptions * assumptions.cost_per_redemption
    contact = np.full(len(redemptions), n_contacts * assumptions.cost_per_contact)
    margin = revenue * assumptions.margin_share
    return {
        "units": redemptions * assumptions.units_per_redemption,
        "revenue": revenue,
        "discount_cost": discount,
        "points_liability": discount * assumptions.points_share,
        "contact_cost": contact,
        "margin": margin,
        "profit": margin - discount - contact,
    }
