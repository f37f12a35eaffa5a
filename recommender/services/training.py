"""Learn what customers buy next, beside the baseline, and let the better one serve."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loyalty.models import Customer
from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.autoencoder import Autoencoder
from recommender.engine.base import Recommender
from recommender.engine.metrics import Estimate
from recommender.engine.popularity import Popularity
from recommender.engine.splits import SpanTooShort, TemporalSplit, temporal_split
from recommender.engine.training import TrainingResult, advantage, fit_and_evaluate
from recommender.models import DecayChoice, ModelVersion
from recommender.queries.decay import half_life_days
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.services.scoring import TOP_K, score_customers

WINDOW_DAYS = 28
MIN_CUSTOMERS = 5
# Until the shop's own has been chosen.
HALF_LIFE_DAYS = 120.0
METRIC_NAMES = {
    "all.recall": f"recall_at_{TOP_K}",
    "all.ndcg": f"ndcg_at_{TOP_K}",
    "first.recall": f"first_recall_at_{TOP_K}",
    "first.ndcg": f"first_ndcg_at_{TOP_K}",
}
LABELS = {Popularity.kind: "What most customers buy", Autoencoder.kind: "What customers like this one buy"}


class TooLittleHistory(Exception):
    """There are too few orders to learn from and to check what was learnt."""


@dataclass(frozen=True)
class Trained:
    """The two versions and the one that serves."""

    baseline: ModelVersion
    challenger: ModelVersion
    champion: ModelVersion
    n_recommendations: int


def train_recommenders(
    *, as_of: datetime, at: datetime, random_state: int, report: Progress, challenger: Recommender | None = None
) -> Trained:
    """Train on all but the last four weeks before `as_of`, compare on those, promote the better, recommend.

    `challenger` is the autoencoder as tuned for retail when not given. The same job trains once.
    """
    report(0, 1, "Reading purchases")
    learner = challenger if challenger is not None else Autoencoder(random_state=random_state)
    baseline, learnt = _published(report.job_id) or _learn(learner, as_of, at, random_state, report)
    with report.writing():
        champion = registry.promote(learnt if learnt.metrics[registry.ADVANTAGE]["low"] > 0 else baseline)
    report.note(f"“{champion.label}” serves. {learnt.verdict}")
    customer_ids = Customer.objects.values_list("pk", flat=True)
    n_recommendations = score_customers(champion, list(customer_ids), TOP_K, as_of=as_of, at=at, report=report)
    return Trained(baseline, learnt, champion, n_recommendations)


def _published(job_id: int | None) -> tuple[ModelVersion, ModelVersion] | None:
    """What this job had trained before its worker died."""
    if job_id is None:
        return None
    versions = ModelVersion.objects.filter(job_id=job_id, purpose=ModelVersion.Purpose.RECOMMENDATION)
    pair = versions.order_by("-is_baseline")[:2]
    return (pair[0], pair[1]) if len(pair) == 2 else None


def _learn(
    learner: Recommender, as_of: datetime, at: datetime, seed: int, report: Progress
) -> tuple[ModelVersion, ModelVersion]:
    frame = interactions_frame(purchases_until(as_of))
    half_life = half_life_days(DecayChoice.Task.BUY_AGAIN, as_of=as_of, unless_known=HALF_LIFE_DAYS)
    split = _split(frame, as_of, half_life)
    rng = np.random.default_rng(seed)
    baseline = fit_and_evaluate(Popularity(), split, k=TOP_K, rng=rng)
    learnt = fit_and_evaluate(
        learner, split, k=TOP_K, rng=rng, progress=lambda done, total: report(done, total + 1, "Learning from orders")
    )
    gained = advantage(learnt, baseline, rng)
    about = _About(split, half_life, pc.min(frame["occurred_at"]).as_py(), at, seed)
    return (
        registry.publish(baseline.estimator.to_artefact(), about.facts(baseline, None), report=report),
        registry.publish(learnt.estimator.to_artefact(), about.facts(learnt, gained), report=report),
    )


def _split(frame: pa.Table, as_of: datetime, half_life: float | None) -> TemporalSplit:
    try:
        return temporal_split(
            frame,
            until=as_of,
            window_days=WINDOW_DAYS,
            min_customers=MIN_CUSTOMERS,
            half_life_days=half_life,
        )
    except SpanTooShort as error:
        raise TooLittleHistory(
            f"There is too little to learn from: {error}. Import at least three months of orders first."
        ) from error


@dataclass(frozen=True)
class _About:
    split: TemporalSplit
    half_life_days: float | None
    data_from: datetime
    at: datetime
    seed: int

    def facts(self, result: TrainingResult, gained: Estimate | None) -> registry.VersionFacts:
        return registry.VersionFacts(
            purpose=ModelVersion.Purpose.RECOMMENDATION,
            label=LABELS[result.estimator.kind],
            is_baseline=gained is None,
            data_from=self.data_from,
            data_until=self.split.test_since,
            data_fingerprint=result.data_fingerprint,
            seed=self.seed,
            fit_seconds=result.fit_seconds,
            trained_at=self.at,
            params=self._params(result),
            metrics=_metrics(result, gained),
            learning_curve=result.learning_curve,
            verdict=_verdict(gained),
        )

    def _params(self, result: TrainingResult) -> dict[str, Any]:
        return {
            **result.params,
            "half_life_days": self.half_life_days,
            "min_customers": MIN_CUSTOMERS,
            "n_products": len(self.split.before_test.products),
            "n_customers": len(self.split.before_test.customers),
            "n_test_customers": len(self.split.test.customer_rows),
            "test_since": self.split.test_since.isoformat(),
            "test_until": self.split.test_until.isoformat(),
        }


def _metrics(result: TrainingResult, gained: Estimate | None) -> dict[str, Any]:
    named = {METRIC_NAMES[name]: _as_row(estimate) for name, estimate in result.metrics.items()}
    shares = {f"{task}_coverage": {"value": share} for task, share in result.coverage.items()}
    return {**named, **shares, **({registry.ADVANTAGE: _as_row(gained)} if gained else {})}


def _as_row(estimate: Estimate) -> dict[str, float]:
    values = asdict(estimate)
    return {"value": values["mid"], "low": values["low"], "high": values["high"]}


def _verdict(gained: Estimate | None) -> str:
    if gained is None:
        return "The yardstick: the same for every customer."
    span = f"{100 * gained.low:+.1f} to {100 * gained.high:+.1f} percentage points"
    what = f"Customers then bought {span} more of what it recommended than of what most customers buy"
    if gained.low > 0:
        return f"{what}, so it serves."
    return f"{what}: not surely better, so what most customers buy is recommended."
