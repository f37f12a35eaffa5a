"""What was learnt of launches as numbers that are kept: opened again, it says exactly the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.engine.launches.model import LaunchModel
from campaigns.engine.launches.standing import Shelf
from campaigns.engine.launches.totals import LaunchEffect, LaunchTotals, PastLaunches
from recommender.engine.attributes import Attributes
from recommender.engine.base import Artefact
from recommender.engine.encoding import Encoding
from recommender.engine.launches.affinity import Affinity
from recommender.engine.launches.past import Launches
from recommender.engine.launches.tastes import Tastes
from recommender.engine.launches.wide import Wide

KIND = "launches"
TASTE_ARRAYS = ("rarity", "directions", "places")


def to_artefact(model: LaunchModel, found: Launches) -> Artefact:
    """Everything but the catalogue, which is read anew: products come every day, and what was learnt stays true.

    Parameters
    ----------
    model : LaunchModel
    found : Launches
        What it was learnt from.
    """
    wide, totals, past = model.wide, model.totals, model.past
    params = {
        "encoding": wide.affinity.encoding.to_params(),
        "intercept": wide.intercept,
        "taste_kind": wide.tastes.kind if wide.tastes else "",
        "totals_intercept": totals.intercept_,
        "effect": asdict(model.effect),
    }
    arrays = {
        "weights": wide.weights,
        "totals_mean": totals.mean_,
        "totals_scale": totals.scale_,
        "totals_coef": totals.coef_,
        "past_days": past.days,
        "past_product_ids": found.data.products.ids[past.product_rows],
        "past_features": past.features,
        "past_buyers": past.buyers,
        **_of_tastes(wide.tastes),
        **{f"standing_{number}": values for number, values in enumerate(wide.standing.values())},
    }
    return Artefact(KIND, params, arrays)


def from_artefact(artefact: Artefact, found: Launches) -> LaunchModel:
    """What was learnt, over the catalogue as it is now.

    Parameters
    ----------
    artefact : Artefact
        As ``to_artefact`` made it.
    found : Launches
        Of the same shop, then or later.
    """
    params, arrays = artefact.params, artefact.arrays
    facts = found.data.facts or Attributes(len(found.data.products))
    affinity = Affinity.of(Encoding.from_params(params["encoding"]), facts)
    standing = {kind: arrays[f"standing_{number}"] for number, kind in enumerate(affinity.codes)}
    wide = Wide(affinity, standing, arrays["weights"], float(params["intercept"]), _tastes(params, arrays))
    totals, effect = _totals(params, arrays), LaunchEffect(**params["effect"])
    return LaunchModel(Shelf(affinity), wide, totals, effect, _past(arrays, found))


def _of_tastes(tastes: Tastes | None) -> dict[str, NDArray[Any]]:
    return {} if tastes is None else {f"taste_{name}": getattr(tastes, name) for name in TASTE_ARRAYS}


def _tastes(params: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Tastes | None:
    kind = params["taste_kind"]
    return Tastes(kind, *(arrays[f"taste_{name}"] for name in TASTE_ARRAYS)) if kind else None


def _totals(params: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> LaunchTotals:
    totals = LaunchTotals()
    totals.mean_, totals.scale_ = arrays["totals_mean"], arrays["totals_scale"]
    totals.coef_, totals.intercept_ = arrays["totals_coef"], float(params["totals_intercept"])
    return totals


def _past(arrays: dict[str, NDArray[Any]], found: Launches) -> PastLaunches:
    """Products that were merged away since are left out: nothing is known of them any more."""
    rows = found.data.products.rows_of(arrays["past_product_ids"])
    past = PastLaunches(arrays["past_days"], rows, arrays["past_features"], arrays["past_buyers"])
    return past.where(np.asarray(rows >= 0))
