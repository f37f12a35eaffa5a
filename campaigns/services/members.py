"""The people of an audience as rows, by COPY and a batch at a time: a million take minutes of no worker's memory."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any

import numpy as np
from scipy.special import expit

from campaigns.engine.audience import expected_profit
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.reasons import sentences
from campaigns.models import Audience, AudienceMember
from campaigns.services.audience_effects import Changed
from campaigns.services.scoring import Scored
from loyalty.services.copying import copy_rows

BATCH = 20_000
N_EFFECTS = 4_000
INTERVAL = (0.05, 0.95)
COLUMNS = (
    "audience_id", "customer_id", "position", "score", "score_low", "score_high", "expected_profit", "reason",
    "channel", "expected_effect", "effect_low", "effect_high",
)  # fmt: skip
NULL = "\\N"


def write_members(
    audience: Audience, rows: IntArray, scored: Scored, rng: np.random.Generator, changed: Changed | None = None
) -> int:
    """Write these rows, best first, each with a score, its interval and a reason. Returns how many.

    The score is the chance of taking the offer in any case; where people were ranked by what a message changes, that
    stands beside it, and profit and reason are about it.
    """
    effect = scored.learnt.knowledge.effect
    low, high = np.quantile(effect.draw(N_EFFECTS, rng), INTERVAL)
    shifts = (effect.mean, min(low, effect.mean), max(high, effect.mean))
    return sum(
        copy_rows(
            AudienceMember._meta.db_table,
            COLUMNS,
            _members(audience.pk, rows[first : first + BATCH], first + 1, scored, shifts, changed),
        )
        for first in range(0, len(rows), BATCH)
    )


def _members(
    audience_id: int, rows: IntArray, place: int, scored: Scored, shifts: tuple[float, ...], changed: Changed | None
) -> Iterator[tuple[Any, ...]]:
    logits = scored.logits[rows]
    score, score_low, score_high = (_chances(logits + shift) for shift in shifts)
    columns = zip(
        scored.customers.customer_ids[rows].tolist(),
        range(place, place + len(rows)),
        score,
        score_low,
        score_high,
        *(_of_response(rows, scored) if changed is None else _of_effect(rows, changed)),
        strict=True,
    )
    return ((audience_id, *cells[:7], "", *cells[7:]) for cells in columns)


def _of_response(rows: IntArray, scored: Scored) -> tuple[Iterable[Any], ...]:
    """Profit and reason of who is ranked by response; what a message changes in them is not known."""
    said = sentences(scored.customers.take(rows), scored.reasons[rows])
    return expected_profit(scored.plan(rows)).tolist(), said, *(repeat(NULL, len(rows)) for _ in range(3))


def _of_effect(rows: IntArray, changed: Changed) -> tuple[Iterable[Any], ...]:
    known = (changed.effects, changed.low, changed.high)
    return changed.profit[rows].tolist(), changed.reasons(rows), *(one[rows].tolist() for one in known)


def _chances(logits: FloatArray) -> list[float]:
    chances: list[float] = expit(logits).tolist()
    return chances
