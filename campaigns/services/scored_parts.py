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

from campaigns import registry
from campaigns.engine.frames import CustomerFrame
from campaigns.engine.simulation import LogitBins, MetricForecast, stream
from campaigns.models import Campaign, CustomerScoring, ScoredPart
from campaigns.services.learning import LEARNING_SEED, Learnt, learn_reception
from campaigns.services.scoring import (
    AT_ONCE,
    CUSTOMERS_PER_PART,
    Scored,
    Scores,
    joined_scores,
    score_range,
    with_money,
)
from loyalty.models import Customer
from loyalty.services.jobs import Step
from loyalty.services.progress import Progress
from segments.engine.files import packed, unpacked
from segments.queries.assigning import customer_ranges

BEGIN_TASK, PART_TASK = "campaigns.begin_scoring", "campaigns.score_part"
# Enough for an interval that is told while the rest is still being scored; the forecast itself draws ten times as many.
N_FIRST_DRAWS = 400
# What a job left that nobody took up again.
KEPT = timedelta(days=7)


class ScoringGone(Exception):
    """What the workers found is not there any more, or not all of it."""


def scoring_steps(*, campaign: Campaign, as_of: datetime, size: int = CUSTOMERS_PER_PART) -> list[Step]:
    """The steps before a simulation of a large shop, any worker doing any part; none where one go is quicker.

    The last of them hands its parameters on: `parts_of` them is what the simulation joins.
    """
    n_customers = Customer.objects.count()
    if n_customers <= AT_ONCE:
        return []
    ranges = customer_ranges(size)
    about = {
        "scoring": uuid.uuid4().hex, "campaign_id": campaign.pk, "as_of": as_of.isoformat(), "parts": len(ranges),
        "of": n_customers,
    }  # fmt: skip
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
    drawn = _first_draws(scores, learnt, part=keys[0])
    values = {"last_id": keys[1], "n_customers": len(scores.logits), "redeemers": drawn, "arrays": _packed(scores)}
    with report.writing():
        ScoredPart.objects.update_or_create(scoring=scoring, first_id=keys[0], defaults=values)
        so_far = _so_far(scoring, about)
    return {"campaign_id": scoring.campaign_id, "n_customers": len(scores.logits), "so_far": so_far}


def _first_draws(scores: Scores, learnt: Learnt, part: int) -> list[int]:
    """How many of these would take it in a few simulated campaigns: the same campaigns for every part."""
    if len(scores.logits) == 0:
        # All of a range may have been erased since the ranges were made.
        return [0] * N_FIRST_DRAWS
    effects = learnt.knowledge.effect.draw(N_FIRST_DRAWS, stream(LEARNING_SEED, "first effects"))
    responses = LogitBins.from_logits(scores.logits).responses(effects, stream(LEARNING_SEED, "first draws", part))
    drawn: list[int] = responses.sum(axis=0).tolist()
    return drawn


def _so_far(scoring: CustomerScoring, about: Mapping[str, Any]) -> dict[str, float]:
    """What the parts that are done add up to, simulated campaign by simulated campaign; told, never kept."""
    done = list(scoring.parts.exclude(redeemers=[]).values_list("n_customers", "redeemers"))
    taken = MetricForecast.from_draws("redeemers", np.sum([redeemers for _, redeemers in done], axis=0))
    sure = taken.interval(0.9)
    n = sum(n for n, _ in done)
    return {"n": n, "of": max(n, about.get("of", 0)), "mid": taken.mid, "low_90": sure.low, "high_90": sure.high}


def joined(*, about: Mapping[str, Any]) -> Scored:
    """Everybody, by what the parts found, in the order of keys. Raises ScoringGone, ArtefactDamaged."""
    scoring = _scoring(about)
    parts = scoring.parts.order_by("first_id")
    if parts.count() != about["parts"]:
        raise ScoringGone("Not all customers are scored any more. Rehearse the campaign again.")
    learnt = _learnt(scoring)
    n = parts.aggregate(n=Sum("n_customers"))["n"] or 0
    pieces = map(_unpacked, parts.values_list("arrays", flat=True).iterator(chunk_size=1))
    return with_money(joined_scores(pieces, n), scoring.campaign, scoring.as_of, learnt)


def forget_parts(about: Mapping[str, Any]) -> None:
    """What was joined is not needed any more."""
    CustomerScoring.objects.filter(key=about["scoring"]).delete()


def _unpacked(told: bytes | memoryview) -> Scores:
    arrays: dict[str, Any] = unpacked(told)
    names = tuple(str(name) for name in arrays["names"])
    return Scores(CustomerFrame(arrays["customer_ids"], arrays["values"], names), arrays["logits"], arrays["reasons"])


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
