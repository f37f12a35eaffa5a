"""How far a plan lies within what has been seen; outside, the forecast widens by the engine's stated rule."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from campaigns.engine.frames import BoolArray, IntArray
from campaigns.engine.support import NO_EXPERIENCE_BELOW, Finding, Shape, Support, inexperienced, support_of
from campaigns.queries.support import n_campaigns_sent, past_shapes, planned_shape
from campaigns.services.scoring import Scored

# Habits alone: what follows from having been written to says nothing of who was chosen.
HABITS = (
    "recency_days", "orders", "orders_90", "orders_30", "spend", "spend_90", "spend_30",
    "coupon_orders", "coupon_discount",
)  # fmt: skip
# What two scenarios of one simulation may differ in; the rest was found out when it was made.
DIFFERS = {"benefit", "size", "dates", "customers"}
KEPT_OF_A_SHAPE = ("kind", "channel", "n_customers", "days", "percent", "amount")


@dataclass(frozen=True)
class PlanSupport:
    """What was found out about a plan, and what later scenarios of it are held against."""

    support: Support
    inexperienced_share: float
    past: dict[int, Shape]

    def as_evidence(self) -> dict[str, Any]:
        """As it is kept with a simulation; JSON."""
        past = [
            {"campaign_id": pk, **{name: getattr(shape, name) for name in KEPT_OF_A_SHAPE}}
            for pk, shape in self.past.items()
        ]
        share = round(self.inexperienced_share, 4)
        return {"support": support_lines(self.support), "inexperienced_share": share, "past": past}


@dataclass(frozen=True)
class Experience:
    """What had been sent by then, and whether hardly anybody of the like of each customer was ever written to."""

    past: dict[int, Shape]
    unlike_any: BoolArray


def experience_of(scored: Scored, seed: int) -> Experience:
    """The same for everybody whom the campaign may be sent to."""
    return Experience(past_shapes(scored.as_of), without_experience(scored, seed))


def plan_support(scored: Scored, rows: IntArray, known: Experience) -> PlanSupport:
    """Hold sending to these customers against every finished campaign."""
    share = float(known.unlike_any[rows].mean())
    shape = planned_shape(scored.campaign, len(rows))
    return PlanSupport(support_of(shape, list(known.past.values()), share), share, known.past)


def without_experience(scored: Scored, seed: int) -> BoolArray:
    """Whether hardly anybody of the like of each customer was ever written to, shape (n_customers,)."""
    customers = scored.customers
    habits = customers.values[:, [customers.names.index(name) for name in HABITS]]
    received = customers.values[:, customers.names.index("campaigns_received")]
    n_campaigns = max(n_campaigns_sent(scored.as_of), 1)
    chances = inexperienced(habits, received, n_campaigns, np.random.default_rng(seed))
    return np.asarray(chances < NO_EXPERIENCE_BELOW)


def changed_support(before: Support, shape: Shape, past: list[Shape], share: float) -> Support:
    """What was found out of a plan, with what a scenario does otherwise looked at again."""
    kept = [finding for finding in before.findings if finding.dimension not in DIFFERS]
    again = [finding for finding in support_of(shape, past, share).findings if finding.dimension in DIFFERS]
    return Support((*kept, *again))


def widened(scored: Scored, support: Support) -> Scored:
    """The same scores, less sure: everything made of them then carries the wider interval."""
    knowledge = replace(scored.learnt.knowledge, effect=support.widen(scored.learnt.knowledge.effect))
    return replace(scored, learnt=replace(scored.learnt, knowledge=knowledge))


def support_lines(support: Support) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in support.findings]


def support_from(lines: list[dict[str, Any]]) -> Support:
    return Support(tuple(Finding(**line) for line in lines))
