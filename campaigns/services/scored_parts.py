"""Score a large shop's customers by as many workers as there are, a part at a time, for a simulation that joins them.

A part is written whole or not at all and may be done by any worker, in any order, twice; joined in the order of keys
they are the same as if one worker had scored everybody at once.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Sum
from scipy.special import expit

from campaigns import registry
from campaigns.engine.frames import CustomerFrame
from campaigns.models import Campaign, CustomerScoring, ScoredPart
from campaigns.queries.history import moment_known
from campaigns.services.habits import MOST_CUSTOMERS
from campaigns.services.learning import LEARNING_SEED, Learnt, learn_reception
from campaigns.services.scoring import Scored, Scores, score_range, with_money
from loyalty.models import Customer
from loyalty.services.jobs import Step
from loyalty.services.progress import Progress
from segments.engine.files import packed, unpacked
from segments.queries.assigning import customer_ranges

BEGIN_TASK, PART_TASK = "campaigns.begin_scoring", "campaigns.score_part"
# So many are scored in one go while somebody looks on.
AT_ONCE = MOST_CUSTOMERS
CUSTOMERS_PER_PART = 50_000
# What a job left that nobody took up again.
KEPT = timedelta(days=7)


class ScoringGone(Exception):
    """What the workers found is not there any more, or not all of it."""


def scoring_steps(*, campaign: Campaign, at: datetime, size: int = CUSTOMERS_PER_PART) -> list[Step]:
    """The steps before a simulation of a large shop, any worker doing any part; none where one go is quicker.

    The last of them hands its parameters on: `parts_of` them is what the simulation joins.
    """
    if Customer.objects.count() <= AT_ONCE:
        return []
    as_of = moment_known(at=at, starts_at=campaign.starts_at)
    ranges = customer_ranges(size)
    about = {"scoring": uuid.uuid4().hex, "campaign_id": campaign.pk, "as_of": as_of.isoformat(), "parts": len(ranges)}
    return [
        Step(BEGIN_TASK, "Learn from past campaigns who responds", about),
        *(
            Step(
                PART_TASK,
                f"Score customers, part {number} of {len(ranges)}",
                {**about, "first": first, "last": last},
                beside=True,
            )
            for number, (first, last) in enumerate(ranges, start=1)
        ),
    ]


def parts_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """What a later step must know to join the parts."""
    return {name: params[name] for name in ("scoring", "parts") if name in params}


def begin_scoring(*, about: Mapping[str, Any], at: datetime, report: Progress) -> dict[str, Any]:
    """The first step: every part is scored by the version that is opened here. Raises HistoryTooSmall, ScoringGone."""
    campaign = Campaign.objects.filter(pk=about["campaign_id"]).first()
    if campaign is None:
        raise ScoringGone("This campaign no longer exists.")
    as_of = datetime.fromisoformat(about["as_of"])
    learnt = learn_reception(as_of=as_of, at=at, seed=LEARNING_SEED, report=report)
    values = {"campaign": campaign, "model_version": learnt.version, "as_of": as_of, "begun_at": at}
    with report.writing():
        CustomerScoring.objects.filter(begun_at__lt=at - KEPT).delete()
        CustomerScoring.objects.get_or_create(key=about["scoring"], defaults=values)
    return {"model_version_id": learnt.version.pk}


def score_part(*, about: Mapping[str, Any], report: Progress) -> dict[str, Any]:
    """A step between: done twice it writes the same. Raises ScoringGone, ArtefactDamaged."""
    scoring, keys = _scoring(about), (about["first"], about["last"])
    learnt = _learnt(scoring)
    report(0, 1, "Reading what is known of them")
    scores = score_range(campaign=scoring.campaign, as_of=scoring.as_of, learnt=learnt, keys=keys)
    found = {"last_id": keys[1], "n_customers": len(scores.logits), "arrays": _packed(scores)}
    with report.writing():
        ScoredPart.objects.update_or_create(scoring=scoring, first_id=keys[0], defaults=found)
    return {"n_customers": len(scores.logits), "expected": float(expit(scores.logits).sum())}


def joined(*, about: Mapping[str, Any]) -> Scored:
    """Everybody, by what the parts found, in the order of keys. Raises ScoringGone, ArtefactDamaged."""
    scoring = _scoring(about)
    parts = scoring.parts.order_by("first_id")
    if parts.count() != about["parts"]:
        raise ScoringGone("Not all customers are scored any more. Rehearse the campaign again.")
    learnt = _learnt(scoring)
    n = parts.aggregate(n=Sum("n_customers"))["n"] or 0
    return with_money(_whole(parts.iterator(chunk_size=1), n), scoring.campaign, scoring.as_of, learnt)


def forget_parts(about: Mapping[str, Any]) -> None:
    """What was joined is not needed any more."""
    CustomerScoring.objects.filter(key=about["scoring"]).delete()


def _whole(parts: Any, n: int) -> Scores:
    """All parts in arrays that are made once: in pieces that are put together they would be in memory twice."""
    whole: dict[str, Any] = {}
    start = 0
    for part in parts:
        arrays = unpacked(part.arrays)
        names = tuple(str(name) for name in arrays.pop("names"))
        for name, array in arrays.items():
            into = whole.setdefault(name, np.empty((n, *array.shape[1:]), dtype=array.dtype))
            into[start : start + len(array)] = array
        start += part.n_customers
    customers = CustomerFrame(whole["customer_ids"], whole["values"], names)
    return Scores(customers, whole["logits"], whole["reasons"])


def _packed(scores: Scores) -> bytes:
    return packed(
        {
            "customer_ids": scores.customers.customer_ids,
            "values": scores.customers.values,
            "names": np.array(scores.customers.names),
            "logits": scores.logits,
            "reasons": scores.reasons,
        }
    )


def _scoring(about: Mapping[str, Any]) -> CustomerScoring:
    found = CustomerScoring.objects.select_related("campaign", "model_version").filter(key=about["scoring"]).first()
    if found is None:
        raise ScoringGone("What the customers were scored for is gone. Rehearse the campaign again.")
    return found


def _learnt(scoring: CustomerScoring) -> Learnt:
    return Learnt(scoring.model_version, registry.open_version(scoring.model_version))
