"""A pilot's result makes a forecast surer: kept as a new forecast, the old one stays as it was made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from scipy.special import logit

from campaigns.engine.frames import FloatArray
from campaigns.engine.pilot import PilotResult, after_pilot, prior_of
from campaigns.engine.simulation import LogitBins, Plan, simulate, stream
from campaigns.engine.support import Finding, Support
from campaigns.models import Audience, Pilot, Scenario, Simulation
from campaigns.queries.pilots import members_of, read_pilot
from campaigns.queries.scenarios import base_of
from campaigns.services.simulations import write_down
from campaigns.services.support import support_from, support_lines
from loyalty.services.jobs import one_at_a_time

# Of the first days hardly anything can be told, and a share of nothing cannot be divided by.
LEAST_DUE = 0.02
LEAST_CHANCE = 1e-9


class PilotInvalid(Exception):
    """One field of a pilot's result cannot be taken; `sentence` says what to do about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class PilotTold:
    """What somebody says of a pilot: how many got it, how many took it, and after how many days that was counted.

    `days` is None where the pilot could be taken for as long as the campaign will be.
    """

    n_sent: int
    n_took: int
    days: int | None = None


@transaction.atomic
def forecast_after_pilot(*, simulation: Simulation, pilot: PilotTold, by: User, at: datetime) -> Simulation:
    """Forecast the campaign again with what its pilot told. Raises PilotInvalid."""
    base = _base(simulation)
    _check(pilot, base)
    result = PilotResult(pilot.n_sent, pilot.n_took, share_due(simulation, pilot.days))
    told = after_pilot(prior_of(base.campaign_effect), base.bins, result).as_effect()
    plan = Plan(np.repeat(base.bins.centres, base.bins.sizes), told, base.redemption_counts, base.money)
    return _keep(_Forecast(simulation, simulation.audience, plan, _told_of(pilot, simulation, base)), base, at)


@transaction.atomic
def forecast_rest(*, pilot: Pilot, by: User, at: datetime) -> Simulation:
    """Forecast those who wait, with what their pilot tells by now; its takers are set apart.

    Told nothing new, the forecast is found and not made again. Raises PilotInvalid.
    """
    one_at_a_time(f"pilot of campaign {pilot.of_id}")
    told = _reading(pilot, at)
    simulation, waiting = _waiting(pilot)
    base = _base(simulation)
    about = {**_told_of(told, simulation, base), "campaign_id": pilot.campaign_id}
    done = Simulation.objects.filter(campaign=pilot.of_id, audience=waiting, evidence__pilot=about).first()
    if done is not None:
        return done
    result = PilotResult(told.n_sent, told.n_took, share_due(simulation, told.days))
    # Who was drawn is known, so their own chances tell more than those of everybody.
    drawn = LogitBins.from_logits(_logits(pilot.campaign.audience_id, pilot.simulation))
    effect = after_pilot(prior_of(base.campaign_effect), drawn, result).as_effect()
    plan = Plan(_logits(waiting.pk, simulation), effect, base.redemption_counts, base.money)
    return _keep(_Forecast(simulation, waiting, plan, about), base, at)


def _reading(pilot: Pilot, at: datetime) -> PilotTold:
    if pilot.called_off_at is not None:
        raise PilotInvalid("pilot", "This pilot was called off. Draw another one.")
    reading = read_pilot(pilot, at=at)
    if reading.why_not:
        raise PilotInvalid("pilot", reading.why_not)
    return PilotTold(reading.n_sent, reading.n_took, reading.days)


def _waiting(pilot: Pilot) -> tuple[Simulation, Audience]:
    """Who gets the campaign now, and the forecast of them before the pilot told anything."""
    audience = pilot.of.audience
    if audience is not None and audience.pk != pilot.rest_id:
        # Rehearsed again since: the newest people are the campaign's.
        made = pilot.of.simulations.filter(audience=audience).exclude(evidence__has_key="pilot").first()
        if made is not None:
            return made, audience
    return pilot.simulation, pilot.rest


def _logits(audience_id: int | None, simulation: Simulation) -> FloatArray:
    """Log-odds of the members before any campaign effect: their chances were told with its mean."""
    mean = simulation.evidence.get("experience", {}).get("mean", 0.0)
    scores = members_of(audience_id or 0).scores
    if not len(scores):
        raise PilotInvalid("pilot", "Nobody is left of these people. Rehearse the campaign again.")
    return np.asarray(logit(np.clip(scores, LEAST_CHANCE, 1 - LEAST_CHANCE)) - mean)


def _base(simulation: Simulation) -> Scenario:
    base = base_of(simulation)
    if base is None:
        raise PilotInvalid("n_sent", "This rehearsal is of before pilots could be read. Rehearse the campaign again.")
    return base


@dataclass(frozen=True)
class _Forecast:
    """What is forecast anew: of which simulation, for whom, and what the pilot told."""

    simulation: Simulation
    audience: Audience
    plan: Plan
    about: dict[str, Any]


def _keep(new: _Forecast, base: Scenario, at: datetime) -> Simulation:
    simulation = new.simulation
    support = _supported(support_from(base.support), new.about)
    made = Simulation.objects.create(
        campaign=simulation.campaign,
        audience=new.audience,
        model_version=simulation.model_version,
        as_of=simulation.as_of,
        assumptions=simulation.assumptions,
        evidence=_evidence(new, support),
        curves={name: curve for name, curve in simulation.curves.items() if name in ("reception", "reasons")},
        seed=simulation.seed,
        created_at=at,
    )
    write_down(made, new.plan, simulate(new.plan, stream(simulation.seed, "forecast")), support)
    return made


def share_due(simulation: Simulation, days: int | None) -> float:
    """Share of all takers who should have come after so many days, by how it was in past campaigns."""
    curve = simulation.curves.get("reception")
    if days is None or not curve:
        return 1.0
    return float(min(max(np.interp(days, curve["days"], curve["mid"]), LEAST_DUE), 1.0))


def _check(pilot: PilotTold, base: Scenario) -> None:
    n_customers = base.n_customers or 0
    if not 1 <= pilot.n_sent <= n_customers:
        sentence = f"A pilot goes to at least 1 and at most all {n_customers:,} customers of this audience."
        raise PilotInvalid("n_sent", sentence)
    if not 0 <= pilot.n_took <= pilot.n_sent:
        raise PilotInvalid("n_took", "No more customers can have taken it than got it.")
    if pilot.days is not None and pilot.days < 1:
        raise PilotInvalid("days", "Count after one day at the earliest, or leave it empty.")


def _supported(support: Support, about: dict[str, Any]) -> Support:
    """Where nothing like it had been seen, now there is the pilot."""
    inside = tuple(finding for finding in support.findings if not finding.is_outside)
    sentence = f"A pilot went to {about['n_sent']:,} customers; {about['n_took']:,} took it"
    return Support((*inside, Finding("pilot", sentence)))


def _told_of(pilot: PilotTold, simulation: Simulation, base: Scenario) -> dict[str, Any]:
    told = {"n_sent": pilot.n_sent, "n_took": pilot.n_took, "days": pilot.days}
    return {**told, "of_simulation": simulation.pk, "effect_before": base.effect}


def _evidence(new: _Forecast, support: Support) -> dict[str, Any]:
    told = new.plan.effect
    effect = {"mean": told.mean, "sd": told.sd, "n_campaigns": told.n_campaigns}
    changed = {"campaign_effect": effect, "experience": effect, "support": support_lines(support)}
    return {**new.simulation.evidence, **changed, "pilot": new.about}
