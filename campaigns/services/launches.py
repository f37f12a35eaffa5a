"""Simulate a new product: learn from the launches of the past, score everybody, and keep what came out.

Idempotent: a job that is done twice finds what it wrote the first time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from scipy.special import expit

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.launches.forecast import METRICS, LaunchForecast, simulate_launch
from campaigns.engine.launches.likes import Alike, Buyers, launches_alike
from campaigns.engine.launches.lines import Lines
from campaigns.engine.launches.model import LaunchModel, learn_launches
from campaigns.engine.launches.novelty import Novelty, novelty
from campaigns.engine.launches.standing import recent_buyers
from campaigns.engine.launches.taking import Substitution, at_stake, substitution
from campaigns.engine.launches.totals import LaunchEffect
from campaigns.engine.launches.who import reasons
from campaigns.engine.simulation import MetricForecast, stream
from campaigns.models import (
    Audience,
    AudienceMember,
    NewProduct,
    NewProductForecast,
    NewProductSimulation,
)
from campaigns.queries.new_products import LADDER, MAKER, facts_of
from loyalty.models import Product
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import Progress
from recommender.engine.attributes import Attributes
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.exams import launch_rule
from recommender.engine.launches.past import Launches
from recommender.engine.shop import Shop
from recommender.queries.descriptions import customer_traits, product_facts, product_keys
from recommender.queries.interactions import shop_purchases

# Whom to ask first; more are not looked through by anybody.
MOST_FIRST = 1_000
MOST_TAKEN_FROM = 10
BATCH = 5_000
JUST_AFTER = timedelta(microseconds=1)


class NothingSold(Exception):
    """There are no orders, so nobody can be said to buy anything."""

    def __init__(self) -> None:
        super().__init__("There are no orders. Import some first.")


@dataclass(frozen=True)
class Seen:
    """The shop's past as far as it is known, and what it teaches."""

    found: Launches
    lines: Lines
    catalogue: Attributes
    model: LaunchModel

    @property
    def today(self) -> int:
        return self.found.n_days

    @property
    def outcome_days(self) -> int:
        return self.found.rule.outcome_days


@dataclass(frozen=True)
class Expected:
    """One new product against that past."""

    facts: Attributes
    novelty: Novelty
    alike: Alike
    effect: LaunchEffect
    mean: float
    forecast: LaunchForecast
    history: CustomerHistory
    customer_rows: IntArray
    logits: FloatArray


def simulate_new_product(*, product: NewProduct, at: datetime, seed: int, report: Progress) -> NewProductSimulation:
    """Simulate it with what is known now. Raises NothingSold, TooFewLaunches, NothingLikeIt, NotPossible."""
    done = _made_by(report.job_id)
    if done is not None:
        return done
    horizon = data_horizon()
    if horizon is None:
        raise NothingSold
    as_of = horizon + JUST_AFTER
    seen = _seen(as_of, seed, report)
    report(70, 100, "Scoring every customer")
    expected = _expected(product, seen, seed)
    report(85, 100, "Looking at what it would take from")
    evidence, curves = _evidence(expected, seen), _curves(expected, seen, seed)
    with report.writing():
        audience = _audience(product, expected, seen, as_of=as_of, at=at, job_id=report.job_id)
        simulation = NewProductSimulation.objects.create(
            new_product=product,
            audience=audience,
            as_of=as_of,
            outcome_days=seen.outcome_days,
            evidence=evidence,
            curves=curves,
            seed=seed,
            job_id=report.job_id,
            created_at=at,
        )
        NewProductForecast.objects.bulk_create(_forecasts(simulation, expected.forecast, product.currency))
    return simulation


def _made_by(job_id: int | None) -> NewProductSimulation | None:
    return None if job_id is None else NewProductSimulation.objects.filter(job_id=job_id).first()


def _seen(as_of: datetime, seed: int, report: Progress) -> Seen:
    report(0, 100, "Reading orders")
    shop = Shop("shop", shop_purchases(as_of), product_facts(), customer_traits(), keys=product_keys())
    report(10, 100, "Looking for earlier launches")
    found = Launches(shop, launch_rule(shop))
    catalogue = found.data.facts or Attributes(len(found.data.products))
    model = learn_launches(
        found,
        until=found.n_days,
        rng=stream(seed, "launch: learning"),
        told=lambda done, total: report(10 + 60 * done // total, 100, "Learning from earlier launches"),
    )
    return Seen(found, Lines.of(shop, found), catalogue, model)


def _expected(product: NewProduct, seen: Seen, seed: int) -> Expected:
    facts, model = facts_of(product), seen.model
    new = novelty(seen.catalogue, facts, LADDER, maker=MAKER)
    alike = launches_alike(model.past, model.shelf, seen.catalogue, facts, LADDER)
    effect = model.effect.widened(new.variance)
    mean = float(model.expected(facts, recent_buyers(seen.found, seen.today))[0])
    history = seen.found.known_at(seen.today).history
    rows = np.flatnonzero(np.diff(history.weights.indptr) > 0).astype(np.int64)
    history = history[rows]
    forecast = simulate_launch(
        mean,
        effect,
        _buyers(alike, seen).counts,
        price=float(product.price),
        n_customers=len(rows),
        seed=seed,
    )
    logits = model.logits(history, facts, effect.mean(np.array([mean])))[:, 0]
    return Expected(facts, new, alike, effect, mean, forecast, history, rows, logits)


def _buyers(alike: Alike, seen: Seen) -> Buyers:
    return Buyers.of(alike.past, seen.lines, outcome_days=seen.outcome_days)


def _evidence(expected: Expected, seen: Seen) -> dict[str, Any]:
    model, alike = seen.model, expected.alike
    return {
        "n_launches": len(model.past),
        "n_buyers": int(model.past.buyers.sum()),
        "usual_buyers": float(model.past.buyers.mean()),
        "alike": {
            "name": _last_step(alike.value),
            "n_launches": len(alike.past),
            "usual_buyers": float(alike.past.buyers.mean()),
        },
        "effect": {"factor": expected.effect.factor, "size": expected.effect.size, "n": expected.effect.n_launches},
        "outside": list(expected.novelty.outside),
        "n_customers": len(expected.customer_rows),
        "pieces_per_buyer": _buyers(alike, seen).counts.mean,
    }


def _curves(expected: Expected, seen: Seen, seed: int) -> dict[str, Any]:
    curve = _buyers(expected.alike, seen).curve(outcome_days=seen.outcome_days, rng=stream(seed, "launch: weeks"))
    return {
        "weeks": {
            "weeks": curve.weeks.tolist(),
            "mid": curve.mid.tolist(),
            "low_90": curve.low.tolist(),
            "high_90": curve.high.tolist(),
            "like": _like(expected.alike),
        },
        "takes_from": _takes_from(expected, seen, seed),
    }


def _like(alike: Alike) -> str:
    n = len(alike.past)
    return f"{n:,} earlier launches" + (f" of “{_last_step(alike.value)}”" if alike.value else "")


def _last_step(path: str) -> str:
    return path.rsplit(" > ", 1)[-1]


def _takes_from(expected: Expected, seen: Seen, seed: int) -> dict[str, Any]:
    """The products of its narrowest known category, with what of them is at stake."""
    kind = next((kind for kind in LADDER if kind in seen.catalogue.labels and _in_it(kind, expected, seen).any()), "")
    if not kind:
        return {"products": [], "is_told": False, "days": seen.outcome_days, "sentence": "Nothing of its kind is sold."}
    rows = np.flatnonzero(_in_it(kind, expected, seen))
    chances = np.zeros(len(seen.found.data.customers))
    chances[expected.customer_rows] = expit(expected.logits)
    window = seen.lines.between(seen.today - seen.outcome_days, seen.today)
    today = at_stake(window, rows, chances)
    groups = np.unique(seen.catalogue.labels[kind], return_inverse=True)[1].astype(np.int64)
    known = expected.alike.past
    learnt = substitution(known, seen.lines, groups, days=seen.outcome_days, rng=stream(seed, "launch: taking"))
    best = np.argsort(-today, kind="stable")[:MOST_TAKEN_FROM]
    units = expected.forecast.figures["units"].mean
    share = today / max(today.sum(), 1e-9)
    products = [
        {"today": float(today[n]), **_taken(learnt, units, float(share[n])), **name}
        for n, name in zip(best.tolist(), _names(seen, rows[best]), strict=True)
        if today[n] > 0
    ]
    return {
        "products": products,
        "is_told": learnt.is_told,
        "days": seen.outcome_days,
        "substitution": {"share": learnt.share, "low_90": learnt.low, "high_90": learnt.high, "n": learnt.n_launches},
        "sentence": _taking_sentence(learnt, products, expected.alike),
    }


def _in_it(kind: str, expected: Expected, seen: Seen) -> Any:
    wanted = expected.facts.labels[kind][0]
    return (seen.catalogue.labels[kind] == wanted) & (wanted != "")


def _taken(learnt: Substitution, units: float, share: float) -> dict[str, float]:
    """In proportion to what its buyers buy now (fair share draw)."""
    return {
        "taken": learnt.share * units * share,
        "low_90": learnt.low * units * share,
        "high_90": learnt.high * units * share,
    }


def _names(seen: Seen, rows: IntArray) -> list[dict[str, Any]]:
    ids = seen.found.data.products.ids[rows].tolist()
    names = dict(Product.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [{"product_id": pk, "name": names.get(pk, "")} for pk in ids]


def _taking_sentence(learnt: Substitution, products: list[dict[str, Any]], alike: Alike) -> str:
    if not products:
        return "Its expected buyers buy nothing of its category today, so there is nothing to take from."
    first = products[0]["name"]
    if learnt.is_told:
        return (
            f"Of 10 pieces of {_like(alike)}, about {10 * learnt.share:.0f} were bought in place of others "
            f"({10 * learnt.low:.0f} to {10 * learnt.high:.0f}): most of all it would take from {first}."
        )
    return (
        f"Cannot tell how much it would take: {_like(alike)} do not show that their buyers bought less of anything "
        f"else. Most at stake is {first}."
    )


def _audience(
    product: NewProduct, expected: Expected, seen: Seen, *, as_of: datetime, at: datetime, job_id: int | None
) -> Audience:
    ids = seen.found.data.customers.ids[expected.customer_rows]
    order = np.lexsort((ids, -expected.logits))[:MOST_FIRST].astype(np.int64)
    audience = Audience.objects.create(
        name=f"The {len(order):,} likeliest buyers of {product.name}"[:200],
        kind=Audience.Kind.BEST,
        rule={"kind": str(Audience.Kind.BEST), "n": len(order), "new_product_id": product.pk},
        as_of=as_of,
        job_id=job_id,
        created_at=at,
    )
    low, high = _bounds(expected)
    columns = zip(
        ids[order].tolist(),
        expit(expected.logits[order]).tolist(),
        expit(expected.logits[order] + np.log(low)).tolist(),
        expit(expected.logits[order] + np.log(high)).tolist(),
        reasons(seen.model.wide, expected.history, expected.facts, order),
        strict=True,
    )
    AudienceMember.objects.bulk_create(
        [
            AudienceMember(
                audience=audience,
                customer_id=customer_id,
                position=position,
                score=score,
                score_low=min(score_low, score),
                score_high=max(score_high, score),
                reason=reason[:300],
            )
            for position, (customer_id, score, score_low, score_high, reason) in enumerate(columns, start=1)
        ],
        batch_size=BATCH,
    )
    return audience


def _bounds(expected: Expected) -> tuple[float, float]:
    """How far the launch as a whole may move everybody's odds, 9 times out of 10."""
    buyers = expected.forecast.figures["buyers"]
    interval, mean = buyers.interval(0.9), max(buyers.mean, 1e-9)
    return max(interval.low / mean, 1e-3), max(interval.high / mean, 1e-3)


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
            mean=forecast.figures[metric].mean,
            mid=forecast.figures[metric].mid,
            currency=currency if metric == "revenue" else "",
            **_intervals(forecast.figures[metric]),
            **naive.get(metric, {}),
        )
        for metric in METRICS
    ]


def _intervals(metric: MetricForecast) -> Mapping[str, float]:
    lows = {f"low_{interval.level * 100:.0f}": interval.low for interval in metric.intervals}
    highs = {f"high_{interval.level * 100:.0f}": interval.high for interval in metric.intervals}
    return lows | highs
