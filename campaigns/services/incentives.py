"""Plan the least sufficient incentive: score, say how people answer to larger benefits, allot, and write down why.

Idempotent: a job that is done twice finds what it wrote the first time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from campaigns.engine.allotment import NO_CAP, Question
from campaigns.engine.assignment import Spread, assign, value_spread
from campaigns.engine.benefit_slope import BenefitSlope, fit_slope
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.incentives import MOST_BENEFITS, Incentives, chances_by_benefit, least_sufficient
from campaigns.models import Audience, Campaign, IncentiveChoice, IncentivePlan
from campaigns.queries.benefits import past_benefits, usual_benefit
from campaigns.queries.history import moment_known
from campaigns.services.audience_limits import closed_gates, why_nobody
from campaigns.services.audiences import AudienceEmpty, chosen_rows
from campaigns.services.learning import LEARNING_SEED, learn_reception
from campaigns.services.scoring import Scored, score_customers
from loyalty.models import Job
from loyalty.services.copying import copy_rows
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.services.progress import Progress

TASK = "campaigns.plan_incentives"
SEED = 20170101
BATCH = 20_000
COLUMNS = ("plan_id", "customer_id", "benefit", "chance", "smallest_chance", "value")
LOWEST_ODDS, HIGHEST_ODDS = 1.0, 10.0
Kind = Audience.Kind


class IncentivesInvalid(Exception):
    """One field of what was asked cannot be taken; `sentence` says what to do about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class IncentivesAsked:
    """Up to four benefits in money a use, what may be spent, and how people answer, where somebody says so."""

    benefits: Sequence[float]
    budget: float | None = None
    odds: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {"benefits": list(self.benefits), "budget": self.budget, "odds": self.odds}


@transaction.atomic
def start_incentives(*, campaign: Campaign, asked: IncentivesAsked, by: User | None, at: datetime) -> Job:
    """Queue a plan, or return the one that is being made. Raises IncentivesInvalid."""
    check_incentives(asked)
    one_at_a_time(f"plan incentives of campaign {campaign.pk}")
    at_it = Job.objects.filter(task=TASK, params__campaign_id=campaign.pk, state__in=Job.OPEN_STATES).first()
    label = f"Find the least sufficient benefits for “{campaign.name}”"[:200]
    params = {"campaign_id": campaign.pk, "seed": SEED, **asked.as_json()}
    return at_it or create_job(task=TASK, label=label, params=params, by=by, at=at)


def check_incentives(asked: IncentivesAsked) -> None:
    """Raise the first thing that is wrong with what is asked, as IncentivesInvalid."""
    if not 1 <= len(asked.benefits) <= MOST_BENEFITS:
        raise IncentivesInvalid("benefits", f"Name 1 to {MOST_BENEFITS} benefits.")
    if min(asked.benefits) <= 0:
        raise IncentivesInvalid(
            "benefits", "A benefit is an amount above zero. Nobody getting one is always weighed too."
        )
    if len(set(asked.benefits)) < len(asked.benefits):
        raise IncentivesInvalid("benefits", "Two of the benefits are the same. Change one, or leave it empty.")
    if asked.budget is not None and asked.budget < 0:
        raise IncentivesInvalid("budget", "The budget cannot be below zero. Leave it empty for no limit.")
    if asked.odds is not None and not LOWEST_ODDS <= asked.odds <= HIGHEST_ODDS:
        raise IncentivesInvalid(
            "odds",
            f"A benefit twice as large raises the odds by a factor from {LOWEST_ODDS:.0f} to {HIGHEST_ODDS:.0f}.",
        )


@dataclass(frozen=True)
class _Given:
    """Everything a plan rests on."""

    scored: Scored
    rows: IntArray
    benefits: FloatArray
    usual: float
    slope: BenefitSlope
    budget: float

    def question(self, slope: float) -> Question:
        chances, money = self.chances(slope), self.scored.assumptions.for_engine()
        uses, margin = self.scored.counts.mean, money.revenue_per_redemption * money.margin_share
        return Question(
            gains=chances * uses * (margin - self.benefits),
            spend=chances * uses * self.benefits,
            is_allowed=np.ones(chances.shape, dtype=bool),
            caps=np.full(len(self.benefits), NO_CAP, dtype=np.int64),
            contact_cost=money.cost_per_contact,
            budget=self.budget,
        )

    def logits(self, slope: float) -> FloatArray:
        """Log-odds by benefit before the campaign effect, shape (n_customers, n_benefits)."""
        logits: FloatArray = self.scored.logits[self.rows][:, None] + slope * np.log2(self.benefits / self.usual)
        return logits

    def chances(self, slope: float) -> FloatArray:
        mean = self.scored.learnt.knowledge.effect.mean
        return chances_by_benefit(self.scored.logits[self.rows] + mean, self.benefits, self.usual, slope)


@dataclass(frozen=True)
class _Worth:
    found: Incentives
    spread: Spread
    evidence: dict[str, Any]


def plan_incentives(
    *, campaign: Campaign, asked: IncentivesAsked, at: datetime, seed: int, report: Progress
) -> IncentivePlan:
    """Give each customer the benefit that is enough. Raises IncentivesInvalid, HistoryTooSmall, AudienceEmpty."""
    done = IncentivePlan.objects.filter(job_id=report.job_id).first() if report.job_id else None
    if done is not None:
        return done
    check_incentives(asked)
    given = _given(campaign, asked, at=at, seed=seed, report=report)
    report(90, 100, "Weighing benefits")
    question = given.question(given.slope.mid)
    found = least_sufficient(question)
    worth = _Worth(found, _spread(given, found, np.random.default_rng(seed)), _evidence(given, question, found))
    with report.writing():
        plan = _plan(given, worth, at=at, seed=seed, job_id=report.job_id)
        _write_choices(plan, given, question, found)
        return plan


def _given(campaign: Campaign, asked: IncentivesAsked, *, at: datetime, seed: int, report: Progress) -> _Given:
    as_of = moment_known(at=at, starts_at=campaign.starts_at)
    learnt = learn_reception(as_of=as_of, at=at, seed=LEARNING_SEED, report=report)
    report(80, 100, "Scoring every customer")
    scored = score_customers(campaign=campaign, as_of=as_of, learnt=learnt)
    usual = usual_benefit(campaign, until=as_of)
    if usual <= 0:
        raise IncentivesInvalid(
            "benefits",
            "Nobody knows what one use of the campaign's offer gives. Say so with the offer, then plan again.",
        )
    return _Given(
        scored=scored,
        rows=_rows(scored, campaign, seed),
        benefits=np.sort(np.array(asked.benefits, dtype=np.float64)),
        usual=usual,
        slope=BenefitSlope.assumed(asked.odds) if asked.odds else _learnt_slope(scored),
        budget=float("inf") if asked.budget is None else asked.budget,
    )


def _rows(scored: Scored, campaign: Campaign, seed: int) -> IntArray:
    """Whom the campaign may reach; where the best are to be found, money decides how many."""
    rule = campaign.audience_rule or {"kind": Kind.BEST}
    if rule["kind"] != Kind.BEST:
        return chosen_rows(scored, rule, seed=seed)
    closed = closed_gates(scored, rule)
    rows = np.flatnonzero(~np.any(list(closed.values()), axis=0)).astype(np.int64)
    if len(rows) == 0:
        raise AudienceEmpty(why_nobody(closed))
    return rows


def _learnt_slope(scored: Scored) -> BenefitSlope:
    """From forecasts of past campaigns as the model would have made them before each began."""
    board = {line["campaign_id"]: line for line in scored.learnt.knowledge.evidence.get("scoreboard", [])}
    known = {key: benefit for key, benefit in past_benefits(until=scored.as_of).items() if key in board and benefit > 0}
    columns = [[benefit, board[key]["mid"], board[key]["actual"]] for key, benefit in sorted(known.items())]
    benefits, expected, actual = np.array(columns, dtype=np.float64).reshape(-1, 3).T
    return fit_slope(benefits, expected, actual)


def _spread(given: _Given, found: Incentives, rng: np.random.Generator) -> Spread:
    """Where the margin of the plan falls: the surprise of the whole campaign is shared by everybody."""
    rows, columns = np.nonzero(found.chosen)
    money = given.scored.assumptions.for_engine()
    margin = money.revenue_per_redemption * money.margin_share
    gains = given.scored.counts.mean * (margin - given.benefits[columns])
    logits = given.logits(given.slope.mid)[rows, columns]
    return value_spread(logits, gains, len(rows) * money.cost_per_contact, given.scored.learnt.knowledge.effect, rng)


def _evidence(given: _Given, question: Question, found: Incentives) -> dict[str, Any]:
    chances = given.chances(given.slope.mid)
    lines = []
    for place, benefit in enumerate(given.benefits.tolist()):
        mine = found.chosen[:, place]
        n = int(mine.sum())
        lines.append(
            {
                "benefit": benefit,
                "n": n,
                "takers": float(chances[mine, place].sum()),
                "spend": float(question.spend[mine, place].sum() + n * question.contact_cost),
                "value": float(question.gains[mine, place].sum() - n * question.contact_cost),
                "uniform": found.uniform[place],
            }
        )
    return {
        "lines": lines,
        "usual": given.usual,
        "gap_share": found.gap_share,
        "n_campaigns": given.slope.n_campaigns,
        "odds_low": float(np.exp(given.slope.low)),
        "odds_high": float(np.exp(given.slope.high)),
        # The other end of what nobody knows: if a larger benefit moved nobody.
        "value_if_nobody_answers": assign(given.question(0.0)).value,
        "assumptions": given.scored.assumptions.as_json(),
    }


def _plan(given: _Given, worth: _Worth, *, at: datetime, seed: int, job_id: int | None) -> IncentivePlan:
    found, spread = worth.found, worth.spread
    return IncentivePlan.objects.create(
        campaign=given.scored.campaign,
        model_version=given.scored.learnt.version,
        as_of=given.scored.as_of,
        benefits=given.benefits.tolist(),
        budget=given.budget if np.isfinite(given.budget) else None,
        odds=float(np.exp(given.slope.mid)),
        is_learnt=given.slope.is_learnt,
        n_customers=len(given.rows),
        n_given=int(found.chosen.any(axis=1).sum()),
        value=found.value,
        value_low=spread.low,
        value_high=spread.high,
        spend=found.spend,
        bound=max(found.programme.value, found.value),
        shadow_price=found.programme.shadow_price,
        currency=given.scored.campaign.currency,
        evidence=worth.evidence,
        seed=seed,
        job_id=job_id,
        made_at=at,
    )


def _write_choices(plan: IncentivePlan, given: _Given, question: Question, found: Incentives) -> None:
    """Worth most first, by COPY and a batch at a time: there may be a million."""
    chances = given.chances(given.slope.mid)
    rows, columns = np.nonzero(found.chosen)
    worth = question.gains[rows, columns] - question.contact_cost
    order = np.argsort(-worth, kind="stable")
    rows, columns, worth = rows[order], columns[order], worth[order]
    cells = (
        given.scored.customers.customer_ids[given.rows][rows],
        given.benefits[columns],
        chances[rows, columns],
        chances[rows, 0],
        worth,
    )
    for first in range(0, len(rows), BATCH):
        lines = zip(*(column[first : first + BATCH].tolist() for column in cells), strict=True)
        copy_rows(IncentiveChoice._meta.db_table, COLUMNS, ((plan.pk, *line) for line in lines))
