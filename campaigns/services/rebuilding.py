"""Build a frozen audience once more from what is written at it, and say whether the same people come out."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from scipy.special import expit

from campaigns.models import Audience
from campaigns.queries.pilots import members_of
from campaigns.registry import open_version
from campaigns.services.audiences import chosen_rows
from campaigns.services.learning import Learnt
from campaigns.services.pilot_draws import drawn_members
from campaigns.services.scoring import score_customers
from loyalty.models import Job
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.services.progress import Progress

TASK = "campaigns.rebuild_audience"


class CannotRebuild(Exception):
    """An audience that came with its campaign, or whose campaign is gone, cannot be built again."""

    def __init__(self, audience: Audience) -> None:
        super().__init__(
            f"“{audience}” was not made here, or its campaign is gone, so it cannot be built again. Rehearse the "
            "campaign to make a new one."
        )


@dataclass(frozen=True)
class Compared:
    """The frozen list beside the one built again."""

    n_frozen: int
    n_rebuilt: int
    n_in_both: int
    is_same_order: bool
    largest_score_gap: float

    @property
    def is_same(self) -> bool:
        return self.is_same_order and self.largest_score_gap < 1e-9

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "is_same": self.is_same}


@transaction.atomic
def start_rebuild(*, audience: Audience, by: User | None, at: datetime) -> Job:
    """Queue it, or return the one that is at it. Raises CannotRebuild."""
    _check(audience)
    one_at_a_time(f"rebuild audience {audience.pk}")
    at_it = Job.objects.filter(task=TASK, params__audience_id=audience.pk, state__in=Job.OPEN_STATES).first()
    label = f"Build “{audience.name}” again"[:200]
    return at_it or create_job(task=TASK, label=label, params={"audience_id": audience.pk}, by=by, at=at)


def _check(audience: Audience) -> None:
    if audience.made_for is None or audience.model_version is None or audience.seed is None:
        raise CannotRebuild(audience)


def rebuild_audience(*, audience: Audience, report: Progress) -> Compared:
    """Nothing is written: the frozen list stays what it is. Raises CannotRebuild, ArtefactDamaged."""
    if audience.made_for is None or audience.model_version is None or audience.seed is None:
        raise CannotRebuild(audience)
    if audience.kind == Audience.Kind.PILOT:
        return _drawn_again(audience, audience.seed)
    report(10, 100, "Scoring every customer as it was done then")
    learnt = Learnt(audience.model_version, open_version(audience.model_version))
    scored = score_customers(campaign=audience.made_for, as_of=audience.as_of, learnt=learnt)
    report(60, 100, "Choosing again")
    rows = chosen_rows(scored, audience.rule, seed=audience.seed)
    chances = expit(
        scored.for_rule({**audience.rule, "kind": audience.kind}).logits[rows] + learnt.knowledge.effect.mean
    )
    report(90, 100, "Comparing")
    return _compared(audience, scored.customers.customer_ids[rows].tolist(), chances.tolist())


def _drawn_again(audience: Audience, seed: int) -> Compared:
    """A pilot is drawn out of another frozen list: from the same list and seed come the same people."""
    source = members_of(audience.rule["audience_id"])
    rows = np.flatnonzero(np.isin(source.customer_ids, drawn_members(source, audience.rule["n"], seed)))
    return _compared(audience, source.customer_ids[rows].tolist(), source.scores[rows].tolist())


def _compared(audience: Audience, ids: list[int], chances: list[float]) -> Compared:
    frozen = list(audience.members.order_by("position").values_list("customer_id", "score"))
    rebuilt = dict(zip(ids, chances, strict=True))
    gaps = [abs((score or 0.0) - rebuilt[customer_id]) for customer_id, score in frozen if customer_id in rebuilt]
    return Compared(
        n_frozen=len(frozen),
        n_rebuilt=len(ids),
        n_in_both=len(gaps),
        is_same_order=[customer_id for customer_id, _ in frozen] == ids,
        largest_score_gap=float(np.max(gaps, initial=0.0)),
    )
