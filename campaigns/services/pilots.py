"""A pilot's result makes a forecast surer: kept as a new forecast, the old one stays as it was made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.pilot import PilotResult, after_pilot, prior_of
from campaigns.engine.simulation import Plan, simulate, stream
from campaigns.engine.support import Finding, Support
from campaigns.models import Scenario, Simulation
from campaigns.queries.scenarios import base_of
from campaigns.services.simulations import write_down
from campaigns.services.support import support_from, support_lines

# Of the first days hardly anything can be told, and a share of nothing cannot be divided by.
LEAST_DUE = 0.02


class PilotInvalid(Exception):
    """One field of a pilot's result cannot be taken; `sentence` says what to do about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class Pilot:
    """What somebody says of a pilot: how many got it, how many took it, and after how many days that was counted.

    `days` is None where the pilot could be taken for as long as the campaign will be.
    """

    n_sent: int
    n_took: int
    days: int | None = None


@transaction.atomic
def forecast_after_pilot(*, simulation: Simulation, pilot: Pilot, by: User, at: datetime) -> Simulation:
    """Forecast the campaign again with what its pilot told. Raises PilotInvalid."""
    base = base_of(simulation)
    if base is None:
        raise PilotInvalid("n_sent", "This rehearsal is of before pilots could be read. Rehearse the campaign again.")
    _check(pilot, base)
    result = PilotResult(pilot.n_sent, pilot.n_took, share_due(simulation, pilot.days))
    told = after_pilot(prior_of(base.campaign_effect), base.bins, result).as_effect()
    support = _told(support_from(base.support), pilot)
    made = Simulation.objects.create(
        campaign=simulation.campaign,
        audience=simulation.audience,
        model_version=simulation.model_version,
        as_of=simulation.as_of,
        assumptions=simulation.assumptions,
        evidence=_evidence(simulation, base, pilot, told, support),
        curves={name: curve for name, curve in simulation.curves.items() if name in ("reception", "reasons")},
        seed=simulation.seed,
        created_at=at,
    )
    plan = Plan(np.repeat(base.bins.centres, base.bins.sizes), told, base.redemption_counts, base.money)
    write_down(made, plan, simulate(plan, stream(simulation.seed, "forecast")), support)
    return made


def share_due(simulation: Simulation, days: int | None) -> float:
    """Share of all takers who should have come after so many days, by how it was in past campaigns."""
    curve = simulation.curves.get("reception")
    if days is None or not curve:
        return 1.0
    return float(min(max(np.interp(days, curve["days"], curve["mid"]), LEAST_DUE), 1.0))


def _check(pilot: Pilot, base: Scenario) -> None:
    n_customers = base.n_customers or 0
    if not 1 <= pilot.n_sent <= n_customers:
        sentence = f"A pilot goes to at least 1 and at most all {n_customers:,} customers of this audience."
        raise PilotInvalid("n_sent", sentence)
    if not 0 <= pilot.n_took <= pilot.n_sent:
        raise PilotInvalid("n_took", "No more customers can have taken it than got it.")
    if pilot.days is not None and pilot.days < 1:
        raise PilotInvalid("days", "Count after one day at the earliest, or leave it empty.")


def _told(support: Support, pilot: Pilot) -> Support:
    """Where nothing like it had been seen, now there is the pilot."""
    inside = tuple(finding for finding in support.findings if not finding.is_outside)
    return Support((*inside, Finding("pilot", f"A pilot went to {pilot.n_sent:,} customers; {pilot.n_took:,} took it")))


def _evidence(
    simulation: Simulation, base: Scenario, pilot: Pilot, told: CampaignEffect, support: Support
) -> dict[str, Any]:
    effect = {"mean": told.mean, "sd": told.sd, "n_campaigns": told.n_campaigns}
    about = {"n_sent": pilot.n_sent, "n_took": pilot.n_took, "days": pilot.days, "of_simulation": simulation.pk}
    before = {"effect_before": base.effect}
    changed = {"campaign_effect": effect, "experience": effect, "support": support_lines(support)}
    return {**simulation.evidence, **changed, "pilot": {**about, **before}}
