"""The people of an audience as rows, by COPY and a batch at a time: a million take minutes of no worker's memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import expit

from campaigns.engine.audience import expected_profit
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.reasons import sentences
from campaigns.models import Audience, AudienceMember
from campaigns.services.scoring import Scored
from loyalty.services.copying import copy_rows

BATCH = 20_000
N_EFFECTS = 4_000
INTERVAL = (0.05, 0.95)
COLUMNS = (
    "audience_id", "customer_id", "position", "score", "score_low", "score_high", "expected_profit", "reason",
    "channel",
)  # fmt: skip


def write_members(audience: Audience, rows: IntArray, scored: Scored, rng: np.random.Generator) -> int:
    """Write these rows, best first, each with a score, its interval and a reason. Returns how many."""
    effect = scored.learnt.knowledge.effect
    low, high = np.quantile(effect.draw(N_EFFECTS, rng), INTERVAL)
    shifts = (effect.mean, min(low, effect.mean), max(high, effect.mean))
    return sum(
        copy_rows(
            AudienceMember._meta.db_table,
            COLUMNS,
            _members(audience.pk, rows[first : first + BATCH], first + 1, scored, shifts),
        )
        for first in range(0, len(rows), BATCH)
    )


def _members(
    audience_id: int, rows: IntArray, place: int, scored: Scored, shifts: tuple[float, ...]
) -> Iterator[tuple[Any, ...]]:
    chosen, logits = scored.customers.take(rows), scored.logits[rows]
    score, score_low, score_high = (_chances(logits + shift) for shift in shifts)
    columns = zip(
        chosen.customer_ids.tolist(),
        range(place, place + len(rows)),
        score,
        score_low,
        score_high,
        expected_profit(scored.plan(rows)).tolist(),
        sentences(chosen, scored.reasons[rows]),
        strict=True,
    )
    return ((audience_id, *cells, "") for cells in columns)


def _chances(logits: FloatArray) -> list[float]:
    chances: list[float] = expit(logits).tolist()
    return chances
