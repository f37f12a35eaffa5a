"""Simulate a new product: learn from the launches of the past, score everybody, and keep what came out.

Idempotent: a job that is done twice finds what it wrote the first time.
"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from campaigns.engine.launches.forecast import METRICS, LaunchForecast
from campaigns.engine.simulation import stream
from campaigns.models import NewProduct, NewProductForecast, NewProductSimulation
from campaigns.services.intervals import told_columns
from campaigns.services.launch_buyers import first_buyers
from campaigns.services.launch_learning import CODE_VERSION
from campaigns.services.launch_ledger import keep_launch_forecast
from campaigns.services.launch_past import (
    Expected,
    Seen,
    buyers_of,
    expected_of,
    last_step,
    launches_told,
    seen_until,
)
from campaigns.services.launch_taking import takes_from
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import Progress

JUST_AFTER = timedelta(microseconds=1)


class NothingSold(Exception):
    """There are no orders, so nobody can be said to buy anything."""

    def __init__(self) -> None:
        super().__init__("There are no orders. Import some first.")


def simulate_new_product(*, product: NewProduct, at: datetime, seed: int, report: Progress) -> NewProductSimulation:
    """Simulate it with what is known now. Raises NothingSold, TooFewLaunches, NothingLikeIt, NotPossible."""
    done = _made_by(report.job_id)
    if done is not None:
        return done
    horizon = data_horizon()
    if horizon is None:
        raise NothingSold
    as_of = horizon + JUST_AFTER
    seen = seen_until(as_of, at, report)
    report(70, 100, "Scoring every customer")
    expected = expected_of(product, seen, seed)
    report(85, 100, "Looking at what it would take from")
    evidence, curves = _evidence(expected, seen), _curves(expected, seen, seed)
    with report.writing():
        audience = first_buyers(product, expected, seen, as_of=as_of, at=at, job_id=report.job_id)
        simulation = NewProductSimulation.objects.create(
            new_product=product,
            audience=audience,
            model_version=seen.version,
            as_of=as_of,
            outcome_days=seen.outcome_days,
            evidence=evidence,
            curves=curves,
            seed=seed,
            job_id=report.job_id,
            created_at=at,
        )
        NewProductForecast.objects.bulk_create(_forecasts(simulation, expected.forecast, product.currency))
        keep_launch_forecast(
            simulation,
            expected.forecast,
            expected=expected.mean,
            effect=expected.effect,
            usual=float(seen.model.past.buyers.mean()),
            code_version=CODE_VERSION,
        )
    return simulation


def _made_by(job_id: int | None) -> NewProductSimulation | None:
    return None if job_id is None else NewProductSimulation.objects.filter(job_id=job_id).first()


def _evidence(expected: Expected, seen: Seen) -> dict[str, Any]:
    model, alike = seen.model, expected.alike
    return {
        "n_launches": len(model.past),
        "n_buyers": int(model.past.buyers.sum()),
        "usual_buyers": float(model.past.buyers.mean()),
        "alike": {
            "name": last_step(alike.value),
            "n_launches": len(alike.past),
            "usual_buyers": float(alike.past.buyers.mean()),
        },
        "effect": {"factor": expected.effect.factor, "size": _size(expected), "n": expected.effect.n_launches},
        "outside": list(expected.novelty.outside),
        "n_customers": len(expected.customer_rows),
        "pieces_per_buyer": buyers_of(alike, seen).counts.mean,
    }


def _size(expected: Expected) -> float:
    return float(expected.effect.size_at(np.array(expected.mean)))


def _curves(expected: Expected, seen: Seen, seed: int) -> dict[str, Any]:
    curve = buyers_of(expected.alike, seen).curve(outcome_days=seen.outcome_days, rng=stream(seed, "launch: weeks"))
    return {
        "weeks": {
            "weeks": curve.weeks.tolist(),
            "mid": curve.mid.tolist(),
            "low_90": curve.low.tolist(),
            "high_90": curve.high.tolist(),
            "like": launches_told(expected.alike),
        },
        "takes_from": takes_from(expected, seen, seed),
    }


def _forecasts(simulation: NewProductSimulation, forecast: LaunchForecast, currency: str) -> list[NewProductForecast]:
    basis = NewProductForecast.Basis
    bases = {"buyers": basis.BACK_TESTED, "units": basis.RESAMPLED, "revenue": basis.ASSUMPTION}
    tossed = forecast.coin_toss.interval(0.9)
    naive = {"buyers": {"naive_low_90": tossed.low, "naive_high_90": tossed.high}}
    return [
        NewProductForecast(
            simulation=simulation,
            metric=metric,
            basis=bases[metric],
            currency=currency if metric == "revenue" else "",
            **told_columns(forecast.figures[metric]),
            **naive.get(metric, {}),
        )
        for metric in METRICS
    ]
