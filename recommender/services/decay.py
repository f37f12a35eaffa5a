"""Choose how fast purchases grow old, and keep the choice with all that spoke for it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from loyalty.services.progress import Progress
from loyalty.services.ratings import set_half_life
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.decay import TASKS, DecayTask, HalfLife, Span, choose_half_life
from recommender.engine.splits import SpanTooShort
from recommender.models import DecayChoice
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.services.training import TooLittleHistory

CODE_VERSION = "decay-1"


def choose_half_lives(*, as_of: datetime, at: datetime, seed: int, report: Progress) -> list[DecayChoice]:
    """Search for every task on the purchases before `as_of`. The same job keeps each choice once.

    Raises TooLittleHistory when there are too few weeks to choose on some and test on another.
    """
    report(0, 1, "Reading purchases")
    frame = interactions_frame(purchases_until(as_of))
    fingerprint = InteractionMatrix.from_frame(frame).fingerprint
    return [_chosen(frame, task, _About(as_of, at, seed, fingerprint), report) for task in TASKS]


@dataclass(frozen=True)
class _About:
    as_of: datetime
    at: datetime
    seed: int
    fingerprint: str


def _chosen(frame: pa.Table, task: DecayTask, about: _About, report: Progress) -> DecayChoice:
    label = DecayChoice.Task(task.name).label
    kept = DecayChoice.objects.filter(job_id=report.job_id, task=task.name).first() if report.job_id else None
    return kept or _keep(_searched(frame, task, about, report, label), about, report)


def _searched(frame: pa.Table, task: DecayTask, about: _About, report: Progress, label: str) -> HalfLife:
    try:
        return choose_half_life(
            frame,
            task,
            Span(about.as_of),
            rng=np.random.default_rng(about.seed),
            told=lambda done, total: report(done, total, f"{label}: trying half-lives on earlier weeks"),
        )
    except SpanTooShort as error:
        raise TooLittleHistory(
            f"There is too little to choose from: {error}. Import at least five months of orders first."
        ) from error


def _keep(found: HalfLife, about: _About, report: Progress) -> DecayChoice:
    with report.writing():
        if found.task == DecayChoice.Task.BUY_AGAIN:
            # What customers think is read from what they buy again; the next reading weighs signs by this.
            set_half_life(found.days)
        return DecayChoice.objects.create(
            task=found.task,
            half_life_days=found.days,
            grid=grid_rows(found),
            test=tested_row(found),
            as_of=about.as_of,
            data_fingerprint=about.fingerprint,
            code_version=CODE_VERSION,
            seed=about.seed,
            job_id=report.job_id,
            made_at=about.at,
        )


def grid_rows(found: HalfLife) -> list[dict[str, Any]]:
    """JSON, a row a candidate."""
    grid = found.grid
    return [
        {"half_life_days": days, "ndcg": asdict(ndcg), "gain": asdict(gain)}
        for days, ndcg, gain in zip(grid.half_lives, grid.ndcg, grid.gain, strict=True)
    ]


def tested_row(found: HalfLife) -> dict[str, Any]:
    """JSON: the last window, with the choice and without decay."""
    since, until = found.test_window
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "ndcg": asdict(found.test_ndcg),
        "without_decay": asdict(found.test_ndcg_without),
        "gain": asdict(found.test_gain),
        "n_customers": found.grid.n_customers,
        "n_windows": len(found.grid.windows),
    }
