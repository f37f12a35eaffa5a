"""What a contest measured, as a version stores it: plain JSON, every figure with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.contests.calibration import reliability
from recommender.engine.contests.contest import PURCHASES, REVENUE, Entrant, Played, Round, difference
from recommender.engine.contests.gate import ADVANTAGE
from recommender.engine.contests.groups import by_group, by_history
from recommender.engine.contests.readiness import Readiness
from recommender.engine.metrics import PRIMARY_METRIC, Estimate, bootstrap_mean
from recommender.queries.groups import groups_of
from recommender.services.scoring import TOP_K

METRIC_NAMES = {
    "all.recall": f"recall_at_{TOP_K}",
    "all.ndcg": f"ndcg_at_{TOP_K}",
    "first.recall": f"first_recall_at_{TOP_K}",
    "first.ndcg": f"first_ndcg_at_{TOP_K}",
    REVENUE: f"revenue_at_{TOP_K}",
    PURCHASES: f"redemptions_at_{TOP_K}",
}
# How far above the baseline, customer by customer.
GAINS = {PRIMARY_METRIC: ADVANTAGE, "all.ndcg": "ndcg_gain", REVENUE: "revenue_gain", PURCHASES: "redemptions_gain"}
BY_HISTORY = "What they had bought"


@dataclass(frozen=True)
class Measured:
    """One version's figures: the metrics of the test window, and what is shown beside them."""

    metrics: dict[str, Any]
    evaluation: dict[str, Any]
    paired: bytes


def measured(
    entrant: Entrant,
    baseline: Entrant,
    rounds: Sequence[Round],
    rng: np.random.Generator,
    readiness: Readiness | None = None,
) -> Measured:
    """Everything that is kept of an entrant; the gains are left out for the baseline itself."""
    evaluation = {
        "k": TOP_K,
        "months": _months(entrant, baseline, rounds, rng),
        "groups": _groups(entrant, baseline, rounds[-1], rng),
        "calibration": _calibration(entrant, rng),
        "latency_ms": entrant.latency_ms,
        "readiness": readiness_row(readiness),
    }
    return Measured(_metrics(entrant.test, baseline.test, rng), evaluation, _packed(entrant.test, rounds[-1]))


def row(estimate: Estimate) -> dict[str, float]:
    """An estimate as it is stored."""
    return {"value": estimate.mid, "low": estimate.low, "high": estimate.high}


def _metrics(mine: Played, theirs: Played, rng: np.random.Generator) -> dict[str, Any]:
    values = {name: one for name, one in mine.per_customer.items() if len(one) and name in METRIC_NAMES}
    named = {METRIC_NAMES[name]: row(bootstrap_mean(one, rng)) for name, one in values.items()}
    shares = {f"{task}_coverage": {"value": share} for task, share in mine.coverage.items()}
    return {**named, **shares, **(_gains(mine, theirs, rng) if mine is not theirs else {})}


def _gains(mine: Played, theirs: Played, rng: np.random.Generator) -> dict[str, Any]:
    found = {name: key for name, key in GAINS.items() if name in mine.per_customer}
    return {
        key: row(difference(mine.per_customer[name], theirs.per_customer[name], rng)) for name, key in found.items()
    }


def _months(
    entrant: Entrant, baseline: Entrant, rounds: Sequence[Round], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """A row a window, in time order: the last is the test, the earlier ones had a say in the choice."""
    rows = []
    for one, mine, theirs in zip(rounds, entrant.rounds, baseline.rounds, strict=True):
        values, others = mine.per_customer[PRIMARY_METRIC], theirs.per_customer[PRIMARY_METRIC]
        rows.append(
            {
                "since": one.split.test_since.isoformat(),
                "until": one.split.test_until.isoformat(),
                "n_customers": len(values),
                "is_test": one is rounds[-1],
                "value": row(bootstrap_mean(values, rng)),
                "gain": row(difference(values, others, rng)),
            }
        )
    return rows


def _groups(entrant: Entrant, baseline: Entrant, test: Round, rng: np.random.Generator) -> list[dict[str, Any]]:
    named: Mapping[str, NDArray[np.str_]] = {
        BY_HISTORY: by_history(test.cases.history),
        **groups_of(test.customer_ids, test.split.test_since),
    }
    values, others = (one.test.per_customer[PRIMARY_METRIC] for one in (entrant, baseline))
    found = {name: by_group(values, others, labels, rng) for name, labels in named.items()}
    return [{"name": name, "rows": [_group_row(one) for one in scores]} for name, scores in found.items() if scores]


def _group_row(score: Any) -> dict[str, Any]:
    return {
        "name": score.name,
        "n_customers": score.n_customers,
        "value": row(score.value),
        "gain": row(score.gain),
    }


def _calibration(entrant: Entrant, rng: np.random.Generator) -> dict[str, Any] | None:
    if not entrant.earlier:
        return None
    scores = np.concatenate([one.scores for one in entrant.earlier])
    was_hit = np.concatenate([one.was_hit for one in entrant.earlier])
    found = reliability((scores, was_hit), (entrant.test.scores, entrant.test.was_hit), rng)
    return None if found is None else {"error": found.error, "bins": [asdict(one) for one in found.bins]}


def readiness_row(found: Readiness | None) -> dict[str, Any] | None:
    if found is None:
        return None
    points = [
        {
            "n_customers": point.n_customers,
            "value": row(point.value),
            "baseline": row(point.baseline),
            "gain": row(point.gain),
        }
        for point in found.points
    ]
    return {
        "points": points,
        "gain_a_doubling": found.gain_a_doubling,
        "is_ready": found.is_ready,
        "n_customers_more": found.n_customers_more,
    }


def _packed(test: Played, one: Round) -> bytes:
    """The test window's values a customer, for pairing with another version later."""
    kept = {METRIC_NAMES[name]: test.per_customer[name] for name in GAINS if name in test.per_customer}
    file = BytesIO()
    np.savez_compressed(
        file,
        allow_pickle=False,
        customer_ids=one.customer_ids,
        **{name: values.astype(np.float32) for name, values in kept.items()},
    )
    return file.getvalue()
