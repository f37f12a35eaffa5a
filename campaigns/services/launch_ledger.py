"""Write down how many were forecast to buy a new product, once and for good, and beside it how many did."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from campaigns.engine.frames import FloatArray
from campaigns.engine.launches.forecast import LaunchForecast
from campaigns.engine.launches.replays import Replays
from campaigns.engine.launches.totals import LaunchEffect, fit_launch_effect
from campaigns.engine.simulation import LEVELS, stream
from campaigns.models import LaunchEntry, LaunchOutcome, NewProductSimulation
from campaigns.queries.launch_ledger import known_launches, open_entries
from campaigns.queries.new_products import Actual, actual_buyers
from campaigns.services.intervals import told_columns
from loyalty.models import Product
from recommender.engine.launches.past import Launches

BATCH = 2_000
SEED = 20170101
MIDDLE, NAIVE_LEVEL = 0.5, 0.9
# Fewer forecasts that were held against what happened say less of launches than a quick replay does.
FEWEST_KNOWN = 100


def keep_launch_forecast(
    simulation: NewProductSimulation,
    forecast: LaunchForecast,
    *,
    expected: float,
    effect: LaunchEffect,
    usual: float,
    code_version: str,
) -> LaunchEntry:
    """Keep what a simulation said of how many would buy it."""
    tossed = forecast.coin_toss.interval(0.9)
    product = simulation.new_product
    return LaunchEntry.objects.create(
        simulation=simulation,
        name=product.name,
        sku=product.sku,
        code_version=code_version,
        is_replayed=False,
        as_of=simulation.as_of,
        made_at=simulation.created_at,
        outcome_days=simulation.outcome_days,
        expected=expected,
        usual=usual,
        naive_low_90=tossed.low,
        naive_high_90=tossed.high,
        **_effect_columns(effect, expected),
        **told_columns(forecast.figures["buyers"]),
    )


def keep_replayed_launches(replays: Replays, found: Launches, *, code_version: str, at: datetime) -> int:
    """Keep forecasts of past launches, made today with what was known then. What is kept already stays as it is."""
    midnight = found.midnight
    kept = set(_replayed(code_version).values_list("product_id", flat=True))
    ids = found.data.products.ids[replays.past.product_rows].tolist()
    names = Product.objects.in_bulk([pk for pk in ids if pk not in kept])
    columns = _quantiles(replays)
    rows = [
        LaunchEntry(
            product=product,
            name=str(product)[:200],
            sku=product.sku,
            code_version=code_version,
            is_replayed=True,
            as_of=midnight + timedelta(days=int(replays.past.days[place])),
            made_at=at,
            outcome_days=found.rule.outcome_days,
            expected=float(replays.expected[place]),
            usual=float(replays.usual[place]),
            **_effect_columns(replays.effects[place], float(replays.expected[place])),
            **{name: float(values[place]) for name, values in columns.items()},
        )
        for place, pk in enumerate(ids)
        if (product := names.get(pk)) is not None
    ]
    LaunchEntry.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    _join_replayed(replays, found, code_version)
    return len(rows)


def join_launch_outcomes() -> int:
    """Count the buyers of every new product that came to be sold since, beside its forecast."""
    made = [(entry, entry.simulation) for entry in open_entries() if entry.simulation is not None]
    actuals = actual_buyers([simulation for _, simulation in made])
    outcomes = [_outcome(entry, actuals[simulation.pk]) for entry, simulation in made if simulation.pk in actuals]
    _write(outcomes)
    return len(outcomes)


def effect_as_kept(*, code_version: str, as_of: datetime, otherwise: LaunchEffect) -> LaunchEffect:
    """How far launches stray from their forecasts as these were made; `otherwise` while too few are known."""
    known = known_launches(code_version=code_version, as_of=as_of)
    if len(known) < FEWEST_KNOWN:
        return otherwise
    expected, buyers = (np.array(column) for column in zip(*known, strict=True))
    return fit_launch_effect(expected.astype(np.float64), buyers.astype(np.int64))


def _replayed(code_version: str) -> Any:
    return LaunchEntry.objects.filter(is_replayed=True, code_version=code_version)


def _join_replayed(replays: Replays, found: Launches, code_version: str) -> None:
    ids = found.data.products.ids[replays.past.product_rows].tolist()
    bare = _replayed(code_version).filter(outcome__isnull=True, product__in=ids)
    entries = {entry.product_id: entry for entry in bare}
    days = timedelta(days=found.rule.outcome_days)
    _write(
        _outcome(entry, Actual(int(n_buyers), entry.as_of, entry.as_of + days, True))
        for pk, n_buyers in zip(ids, replays.past.buyers, strict=True)
        if (entry := entries.get(pk)) is not None
    )


def _outcome(entry: LaunchEntry, actual: Actual) -> LaunchOutcome:
    """The place is drawn by the entry's own number: counted again, it falls where it fell."""
    effect = LaunchEffect(entry.factor, entry.size, entry.effect_launches)
    rng = stream(SEED, f"launch place {entry.pk}")
    place = effect.places(np.array([entry.expected]), np.array([actual.n_buyers]), rng)[0]
    return LaunchOutcome(
        entry=entry,
        n_buyers=actual.n_buyers,
        first_sold_at=actual.first_sold_at,
        observed_until=actual.observed_until,
        is_complete=actual.is_complete,
        place=float(np.clip(place, 0.0, 1.0)),
    )


def _write(outcomes: Iterable[LaunchOutcome]) -> None:
    LaunchOutcome.objects.bulk_create(
        outcomes,
        update_conflicts=True,
        unique_fields=["entry"],
        update_fields=["n_buyers", "first_sold_at", "observed_until", "is_complete", "place"],
        batch_size=BATCH,
    )


def _effect_columns(effect: LaunchEffect, expected: float) -> dict[str, Any]:
    """Of this one launch: how far it may stray depends on how much is expected of it."""
    size = float(effect.size_at(np.array(expected)))
    return {"factor": effect.factor, "size": size, "effect_launches": effect.n_launches}


def _quantiles(replays: Replays) -> dict[str, FloatArray]:
    """The columns that say it, shape (n_launches,) each."""
    columns = {"mid": _quantile(replays, MIDDLE), "mean": _means(replays)}
    for level in LEVELS:
        name, tail = f"{level * 100:.0f}", (1 - level) / 2
        columns |= {f"low_{name}": _quantile(replays, tail), f"high_{name}": _quantile(replays, 1 - tail)}
    columns["naive_low_90"] = _quantile(replays, (1 - NAIVE_LEVEL) / 2, coin_toss=True)
    columns["naive_high_90"] = _quantile(replays, (1 + NAIVE_LEVEL) / 2, coin_toss=True)
    return columns


def _means(replays: Replays) -> FloatArray:
    return np.array([effect.factor for effect in replays.effects]) * replays.expected


def _quantile(replays: Replays, share: float, *, coin_toss: bool = False) -> FloatArray:
    """One call for each effect: there are as many as there were times to learn anew."""
    values = np.empty(len(replays))
    for effect in set(replays.effects):
        same = np.array([one == effect for one in replays.effects])
        told = effect.coin_toss if coin_toss else effect
        values[same] = told.quantiles(replays.expected[same], share)
    return values
