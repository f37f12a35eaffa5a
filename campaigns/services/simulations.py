"""Rehearse a campaign: whom it would reach, how it would be received, and how sure that is.

Idempotent: a job that is done twice finds what it wrote the first time.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from campaigns.engine import simulation as engine
from campaigns.engine.support import Support
from campaigns.models import Audience, Campaign, Forecast, Simulation
from campaigns.queries.history import moment_known
from campaigns.services.audiences import Choice, build_audience, choose, choose_sent
from campaigns.services.curves import simulation_curves
from campaigns.services.intervals import told_columns
from campaigns.services.learning import LEARNING_SEED, learn_reception
from campaigns.services.ledger import keep_forecast, told_of
from campaigns.services.scenarios import keep_base
from campaigns.services.scored_parts import forget_parts, joined
from campaigns.services.scoring import Scored, score_customers
from campaigns.services.support import Experience, experience_of, plan_support, widened
from loyalty.services.progress import Progress

Kind = Audience.Kind
COUNTS = {"reach", "redeemers", "redemptions", "units"}
BASES = {
    "reach": Forecast.Basis.KNOWN,
    "redeemers": Forecast.Basis.BACK_TESTED,
    "redemptions": Forecast.Basis.BACK_TESTED,
}


class NeverSent(Exception):
    """A campaign whose recipients are unknown cannot be compared with what happened."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(f"Nobody knows whom “{campaign}” was sent to. Import its recipients first.")


@dataclass(frozen=True)
class Rehearsal:
    """A past campaign, forecast for the people it was sent to and for those we would have picked."""

    sent: Simulation
    picked: Simulation


def simulate_campaign(
    *, campaign: Campaign, at: datetime, seed: int, report: Progress, parts: Mapping[str, Any] | None = None
) -> Simulation:
    """Simulate a planned campaign for its audience rule; `parts` are those in which everybody was scored before.

    Raises HistoryTooSmall, AudienceEmpty, ScoringGone.
    """
    done = _made_by(report.job_id, campaign)
    if done:
        return done[0]
    scored = _scored(campaign, at=at, report=report, parts=parts)
    drawn = _drawn(campaign)
    choice = choose_sent(scored, drawn) if drawn else _chosen(scored, campaign, seed)
    report(95, 100, "Simulating")
    prepared = _prepare(choice, scored, experience_of(scored, seed), seed, report)
    with report.writing():
        audience = drawn or build_audience(choice, scored, at=at, seed=seed, job_id=report.job_id)
        if campaign.state == Campaign.State.DRAFT:
            Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.DRAFT).update(audience=audience)
        if parts:
            forget_parts(parts)
        return _store(prepared, audience, scored, at=at, seed=seed, job_id=report.job_id)


def _chosen(scored: Scored, campaign: Campaign, seed: int) -> Choice:
    return choose(scored, campaign.audience_rule or {"kind": Kind.BEST}, seed=seed)


def _drawn(campaign: Campaign) -> Audience | None:
    """The people of a pilot: they were drawn once and are never chosen anew."""
    is_drawn = campaign.audience is not None and campaign.audience.kind == Kind.PILOT
    return campaign.audience if is_drawn else None


def rehearse_campaign(
    *, campaign: Campaign, at: datetime, seed: int, report: Progress, parts: Mapping[str, Any] | None = None
) -> Rehearsal:
    """Forecast a past campaign as of the day before it began: for those it was sent to, and for our own pick.

    Raises NeverSent, HistoryTooSmall, AudienceEmpty, ScoringGone.
    """
    done = _made_by(report.job_id, campaign)
    if len(done) == 2:
        return Rehearsal(*done)
    if campaign.audience is None:
        raise NeverSent(campaign)
    scored = _scored(campaign, at=at, report=report, parts=parts)
    sent = choose_sent(scored, campaign.audience)
    picked = choose(scored, {"kind": Kind.BEST, "n": len(sent.rows)}, seed=seed)
    report(95, 100, "Simulating")
    known = experience_of(scored, seed)
    prepared = _prepare(sent, scored, known, seed, report), _prepare(picked, scored, known, seed, report)
    with report.writing():
        audience = build_audience(picked, scored, at=at, seed=seed, job_id=report.job_id)
        if parts:
            forget_parts(parts)
        return Rehearsal(
            sent=_store(prepared[0], campaign.audience, scored, at=at, seed=seed, job_id=report.job_id),
            picked=_store(prepared[1], audience, scored, at=at, seed=seed, job_id=report.job_id),
        )


@dataclass(frozen=True)
class _Prepared:
    forecast: engine.Forecast
    evidence: dict[str, Any]
    curves: dict[str, Any]
    plan: engine.Plan
    support: Support


def _made_by(job_id: int | None, campaign: Campaign) -> list[Simulation]:
    if job_id is None:
        return []
    return list(Simulation.objects.filter(job_id=job_id, campaign=campaign).order_by("id"))


def _scored(campaign: Campaign, *, at: datetime, report: Progress, parts: Mapping[str, Any] | None) -> Scored:
    if parts:
        report(80, 100, "Putting together what was found of every customer")
        return joined(about=parts)
    as_of = moment_known(at=at, starts_at=campaign.starts_at)
    learnt = learn_reception(as_of=as_of, at=at, seed=LEARNING_SEED, report=report)
    report(80, 100, "Scoring every customer")
    return score_customers(campaign=campaign, as_of=as_of, learnt=learnt)


def _prepare(choice: Choice, scored: Scored, known: Experience, seed: int, report: Progress) -> _Prepared:
    scored = scored.for_rule(choice.rule)
    found = plan_support(scored, choice.rows, known)
    experience = {"experience": asdict(scored.learnt.knowledge.effect), **found.as_evidence()}
    # Outside what has been seen everything that follows is less sure.
    scored = widened(scored, found.support)
    plan = scored.plan(choice.rows)
    forecast = engine.simulate(plan, engine.stream(seed, "forecast"))
    _tell_at_once(choice, forecast, report)
    return _Prepared(
        forecast=forecast,
        evidence={**_evidence(choice, scored), **experience},
        curves=simulation_curves(choice, scored, forecast, seed),
        plan=plan,
        support=found.support,
    )


def _tell_at_once(choice: Choice, forecast: engine.Forecast, report: Progress) -> None:
    """The count people wait for, while the curves and the list of a large shop still take a while."""
    taken = forecast["redeemers"]
    sure = taken.interval(0.9)
    told = (
        f"{choice.name}: most likely {taken.mid:,.0f} would take it, 9 times out of 10 between "
        f"{sure.low:,.0f} and {sure.high:,.0f}."
    )
    report.note(told)
    report(97, 100, f"{told} Curves and reasons follow.")


def _evidence(choice: Choice, scored: Scored) -> dict[str, Any]:
    effect = scored.learnt.knowledge.effect
    chosen = scored.customers.take(choice.rows)
    received = chosen.values[:, chosen.names.index("campaigns_received")]
    return {
        **scored.learnt.knowledge.evidence,
        "campaign_effect": {"mean": effect.mean, "sd": effect.sd, "n_campaigns": effect.n_campaigns},
        "redemptions_per_redeemer": scored.counts.mean,
        "n_never_sent_before": int((received == 0).sum()),
        "advice": choice.advice,
        "is_drawn_together": scored.is_picked and scored.learnt.knowledge.spread < 1,
    }


def _store(
    prepared: _Prepared, audience: Audience, scored: Scored, *, at: datetime, seed: int, job_id: int | None
) -> Simulation:
    simulation = Simulation.objects.create(
        campaign=scored.campaign,
        audience=audience,
        model_version=scored.learnt.version,
        as_of=scored.as_of,
        assumptions=scored.assumptions.as_json(),
        evidence=prepared.evidence,
        curves=prepared.curves,
        seed=seed,
        job_id=job_id,
        created_at=at,
    )
    write_down(simulation, prepared.plan, prepared.forecast, prepared.support)
    return simulation


def write_down(simulation: Simulation, plan: engine.Plan, forecast: engine.Forecast, support: Support) -> None:
    """What a simulation forecast, once and for good, in the caller's transaction."""
    Forecast.objects.bulk_create(_forecasts(simulation, forecast, simulation.campaign.currency))
    keep_base(simulation, plan, forecast, support)
    keep_forecast(simulation, told_of(plan, forecast))


def _forecasts(simulation: Simulation, forecast: engine.Forecast, currency: str) -> list[Forecast]:
    return [
        Forecast(
            simulation=simulation,
            metric=metric,
            basis=BASES.get(metric, Forecast.Basis.ASSUMPTION),
            currency="" if metric in COUNTS else currency,
            **told_columns(forecast[metric]),
            **_naive(metric, forecast),
        )
        for metric in engine.METRICS
    ]


def _naive(metric: str, forecast: engine.Forecast) -> Mapping[str, float]:
    if metric != "redeemers":
        return {}
    interval = forecast.coin_toss_redeemers.interval(0.9)
    return {"naive_low_90": interval.low, "naive_high_90": interval.high}
