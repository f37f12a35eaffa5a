"""Simulate scenarios in the same simulated campaigns, and say where their response comes from."""

from datetime import timedelta
from typing import Any

import numpy as np

from campaigns.engine.benefit_slope import BenefitSlope, fit_slope
from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.frames import FloatArray
from campaigns.engine.reception_curve import reception_curve
from campaigns.engine.scenarios import CountDraws, count_draws, shift_for
from campaigns.engine.simulation import Forecast, LogitBins, Plan, stream
from campaigns.engine.support import Shape
from campaigns.models import Scenario, Simulation
from campaigns.queries.history import finished_campaigns, redemption_times
from campaigns.queries.scenarios import Benefit, benefit_of, past_of
from campaigns.services.support import changed_support, support_from, support_lines

Response = Scenario.Response
ONE_DAY = timedelta(days=1)
FEWEST_RESPONSE_SHARE = 0.02


def drawn_base(plan: Plan, forecast: Forecast) -> dict[str, Any]:
    """The columns of a scenario that its plan gives, as simulated."""
    bins = LogitBins.from_logits(plan.logits)
    counted = {name: np.asarray(forecast.draws[name], dtype=np.int64) for name in ("redeemers", "redemptions")}
    drawn = CountDraws(len(plan.logits), **counted)
    effect = {"mean": plan.effect.mean, "sd": plan.effect.sd, "n_campaigns": plan.effect.n_campaigns}
    counts = {"values": plan.counts.values.tolist(), "shares": plan.counts.shares.tolist()}
    return {"effect": effect, "counts": counts, **_columns(bins, drawn)}


def draw_like(scenario: Scenario, base: Scenario) -> None:
    """Simulate a scenario that reaches the same people as another one."""
    share = scenario.simulation.evidence.get("inexperienced_share", 0.0)
    draw(scenario, base, base.bins, inexperienced_share=share)


def draw(scenario: Scenario, base: Scenario, bins: LogitBins, *, inexperienced_share: float) -> None:
    """Simulate a scenario of these people; what it differs in from `base` changes the response or widens it."""
    simulation = scenario.simulation
    past = past_of(simulation)
    before = support_from(base.support)
    shape = _shape(scenario, int(bins.sizes.sum()))
    found = changed_support(before, shape, list(past.values()), inexperienced_share) if past else before
    experience = CampaignEffect(**simulation.evidence.get("experience", base.effect))
    effect = found.widen(experience)
    # As often as the plan it is compared with: draw by draw is how the two are held against each other.
    n_draws = len(base.redeemers or ())
    shifts = _shifts(scenario, bins, learnt_response(simulation, past), n_draws)
    # With the stream of the simulation itself: the same simulated campaigns.
    drawn = count_draws(bins, effect, base.redemption_counts, stream(simulation.seed, "forecast"), n_draws, shifts)
    scenario.effect = {"mean": effect.mean, "sd": effect.sd, "n_campaigns": effect.n_campaigns}
    scenario.counts, scenario.support = base.counts, support_lines(found)
    for name, value in _columns(bins, drawn).items():
        setattr(scenario, name, value)


def learnt_response(simulation: Simulation, past: dict[int, Shape]) -> BenefitSlope | None:
    """How response followed the benefit in the past, by forecasts as they were made; None where they do not say."""
    unit = "percent" if benefit_of(simulation).percent else "amount"
    lines = {line["campaign_id"]: line for line in simulation.evidence.get("scoreboard", [])}
    known = [(getattr(past[pk], unit), lines[pk]["mid"], lines[pk]["actual"]) for pk in past if pk in lines]
    columns = np.array([row for row in known if row[0]], dtype=np.float64).reshape(-1, 3)
    slope = fit_slope(*columns.T)
    return slope if slope.is_learnt else None


def _shape(scenario: Scenario, n_customers: int) -> Shape:
    campaign, usual = scenario.simulation.campaign, benefit_of(scenario.simulation)
    percent, amount = scenario.benefit_percent, scenario.benefit_amount
    changed = percent is not None or amount is not None
    return Shape(
        kind=campaign.type,
        channel=campaign.channel,
        n_customers=n_customers,
        days=(scenario.ends_at - scenario.starts_at) / ONE_DAY,
        percent=(float(percent) if percent is not None else None) if changed else usual.percent,
        amount=(float(amount) if amount is not None else None) if changed else usual.amount,
    )


def _shifts(scenario: Scenario, bins: LogitBins, learnt: BenefitSlope | None, n_draws: int) -> FloatArray:
    """What the scenario's benefit and its days add to the logit of each simulated campaign, and how that is known."""
    factor = window_factor(scenario)
    scenario.response = Response.SAME
    shifts = np.zeros(n_draws)
    usual, benefit = _benefits(benefit_of(scenario.simulation), scenario)
    if scenario.response_change is not None:
        scenario.response = Response.ASSUMED
        factor *= 1 + scenario.response_change
    elif learnt is not None and usual and benefit:
        scenario.response = Response.LEARNT
        shifts = learnt.shifts(benefit, usual, n_draws, stream(scenario.simulation.seed, "benefit"))
    return shifts + shift_for(bins, max(factor, FEWEST_RESPONSE_SHARE))


def _benefits(usual: Benefit, scenario: Scenario) -> tuple[float | None, float | None]:
    """The usual benefit and the scenario's, in one unit."""
    if scenario.benefit_percent is not None:
        return usual.percent, float(scenario.benefit_percent)
    if scenario.benefit_amount is not None:
        return usual.amount, float(scenario.benefit_amount)
    return None, None


def window_factor(scenario: Scenario) -> float:
    """How many would take it within its days, against the days of the plan as simulated.

    Shorter than such campaigns usually run, only those are counted who would have come by then; longer adds nobody:
    nothing was seen of it.
    """
    simulation = scenario.simulation
    days = (scenario.ends_at - scenario.starts_at) / ONE_DAY
    planned = (simulation.campaign.ends_at - simulation.campaign.starts_at) / ONE_DAY
    if days == planned:
        return 1.0
    past = finished_campaigns(simulation.as_of)
    alike = [one.window_days for one in past if one.campaign_type == simulation.campaign.type]
    usual = float(np.median(alike or [one.window_days for one in past] or [planned]))
    rng = stream(simulation.seed, "reception")
    curve = reception_curve(redemption_times(past), simulation.campaign.type, rng, n_replicates=1)
    return curve.share_at(min(days / usual, 1.0)) / max(curve.share_at(min(planned / usual, 1.0)), 1e-9)


def _columns(bins: LogitBins, drawn: CountDraws) -> dict[str, Any]:
    return {
        "bin_centres": bins.centres.tolist(),
        "bin_sizes": bins.sizes.tolist(),
        "redeemers": drawn.redeemers.tolist(),
        "redemptions": drawn.redemptions.tolist(),
    }
