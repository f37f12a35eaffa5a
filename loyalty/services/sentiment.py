"""Read how reviews sound, by what was learnt from the shop's own rated ones where that beats the list of words."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction

from loyalty.engine.sentiment import LearntReader, Reader, ReaderDamaged, WordReader, checksum
from loyalty.engine.sentiment_training import SentimentResult, TooFewReviews, learn
from loyalty.models import Job, Review, SentimentReader
from loyalty.queries import reviews as queries
from loyalty.services.jobs import create_job
from loyalty.services.progress import Progress

TASK = "loyalty.read_reviews"
OPEN_STATES = (Job.State.WAITING, Job.State.QUEUED, Job.State.RUNNING)
BATCH = 2_000
SEED = 7
# Learnt anew only when there is this much more to learn from.
GROWTH = 1.5
WRITE = """
UPDATE loyalty_review r SET sentiment = v.sentiment, sentiment_version = %(version)s, sentiment_of = v.fingerprint
FROM unnest(%(keys)s::bigint[], %(scores)s::float8[], %(fingerprints)s::text[]) v(id, sentiment, fingerprint)
WHERE r.id = v.id
"""


def start_reading(*, at: datetime) -> Job | None:
    """A job that reads what was not read yet. None when there is nothing, or somebody is at it."""
    is_at_it = Job.objects.filter(task=TASK, state__in=OPEN_STATES).exists()
    if is_at_it or not queries.has_unread(current_reader().version):
        return None
    return create_job(task=TASK, label="Reading how reviews sound", params={}, by=None, at=at)


def read_reviews(*, at: datetime, report: Progress) -> dict[str, Any]:
    """Learn if there is much more to learn from, then read what was not read yet. A second time finds nothing."""
    learnt = learn_if_due(at=at, report=report)
    reader = current_reader()
    n_read = _read_all(reader, report)
    return {"read": n_read, "reader": reader.version, "verdict": learnt.verdict if learnt else ""}


def current_reader() -> Reader:
    """The learnt one where it serves and is whole, else the list of words."""
    kept = queries.serving_reader()
    if kept is None:
        return WordReader()
    try:
        return LearntReader.from_artefact(kept.params, bytes(kept.arrays), kept.sha256)
    except ReaderDamaged:
        return WordReader()


def _read_all(reader: Reader, report: Progress) -> int:
    total, done, last = Review.objects.count(), 0, 0
    while rows := queries.unread_reviews(reader.version, last, BATCH):
        with report.writing():
            _write(reader, rows)
        done, last = done + len(rows), rows[-1][0]
        report(done, max(done, total), "Reading reviews")
    return done


def _write(reader: Reader, rows: Sequence[tuple[int, str, str]]) -> None:
    scores = reader.score([text for _, text, _ in rows])
    values = {
        "version": reader.version,
        "keys": [key for key, _, _ in rows],
        "scores": scores.tolist(),
        "fingerprints": [fingerprint for _, _, fingerprint in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, values)


def learn_if_due(*, at: datetime, report: Progress) -> SentimentReader | None:
    """None when there is too little, or hardly more than the last time."""
    before = queries.newest_reader()
    if before is not None and queries.n_rated() < GROWTH * before.n_reviews:
        return None
    try:
        return learn_reader(at=at, report=report)
    except TooFewReviews as refusal:
        report.note(f"{refusal} The list of words reads them.")
        return None


def learn_reader(*, at: datetime, report: Progress) -> SentimentReader:
    """Learn, keep what was learnt, and let it serve only if it beats the list of words. Raises TooFewReviews."""
    report(0, 1, "Learning how reviews sound")
    texts, ratings, products = queries.rated_reviews()
    label = f"learnt-{at:%Y%m%d-%H%M%S}"
    result = learn(texts, ratings, products, version=label, rng=np.random.default_rng(SEED))
    with report.writing():
        kept = _keep(result, label, at)
    report.note(kept.verdict)
    return kept


@transaction.atomic
def _keep(result: SentimentResult, label: str, at: datetime) -> SentimentReader:
    params, arrays = result.reader.to_artefact()
    estimates = {"auc": result.auc_learnt, "auc_words": result.auc_words, "gain": result.gain}
    if result.is_better:
        SentimentReader.objects.filter(serves=True).update(serves=False)
    return SentimentReader.objects.create(
        label=label,
        params=params,
        arrays=arrays,
        sha256=checksum(arrays),
        metrics={name: asdict(estimate) for name, estimate in estimates.items()},
        verdict=verdict_of(result),
        serves=result.is_better,
        n_reviews=result.n_reviews,
        learnt_at=at,
    )


def verdict_of(result: SentimentResult) -> str:
    """In one sentence: how often each puts a favourable review above an unfavourable one, and who reads from now on."""
    learnt, words = result.auc_learnt, result.auc_words
    told = (
        f"Of a favourable and an unfavourable review, what was learnt ranks {learnt.value:.1%} right "
        f"({learnt.low:.1%} to {learnt.high:.1%}), the list of words {words.value:.1%} "
        f"({words.low:.1%} to {words.high:.1%})"
    )
    return f"{told}, so {'it reads the reviews' if result.is_better else 'the list of words goes on to read them'}."
