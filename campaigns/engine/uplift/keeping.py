"""What was learnt of an effect as it is kept: parameters for JSON and arrays for `.npz`, never pickle."""

from typing import Any

import numpy as np

from campaigns.engine.uplift.kept import Arrays, Grove, KeptEffect, Line
from campaigns.engine.uplift.surfaces import Fitted
from campaigns.engine.uplift.terms import Constant, Surface
from recommender.engine.ranking.boosting import as_trees


def to_artefact(kept: KeptEffect) -> tuple[dict[str, Any], Arrays]:
    """Return parameters fit for JSON and arrays fit for `.npz`."""
    surfaces: dict[int, Surface] = {id(term.surface): term.surface for term in kept.effect.terms}
    numbers = {key: number for number, key in enumerate(surfaces)}
    arrays: Arrays = {"lowest": kept.lowest, "highest": kept.highest}
    described = []
    for key, surface in surfaces.items():
        told, more = _told(serving(surface), f"s{numbers[key]}")
        described.append(told)
        arrays |= more
    terms = [
        {"weight": one.weight, "arm": one.arm, "has_products": one.has_products, "surface": numbers[id(one.surface)]}
        for one in kept.effect.terms
    ]
    params = {"names": list(kept.names), "terms": terms, "surfaces": described}
    return {**params, "calibration": kept.calibration.as_json()}, arrays


def serving(surface: Surface) -> Constant | Line | Grove:
    """Return a surface without scikit-learn that answers the same."""
    if isinstance(surface, Constant | Line | Grove):
        return surface
    if not isinstance(surface, Fitted):
        raise TypeError(f"a surface of {type(surface).__name__} cannot be kept")
    if hasattr(surface.model, "steps"):
        scaler, line = (step for _, step in surface.model.steps)
        slopes = np.ravel(line.coef_) / scaler.scale_
        level = float(np.ravel(line.intercept_)[0]) - float(scaler.mean_ @ slopes)
        return Line(np.asarray(slopes, dtype=np.float64), level, surface.is_chance)
    return Grove(as_trees(surface.model), surface.is_chance)


def _told(surface: Constant | Line | Grove, prefix: str) -> tuple[dict[str, Any], Arrays]:
    if isinstance(surface, Constant):
        return {"kind": "constant", "value": surface.value}, {}
    if isinstance(surface, Line):
        told = {"kind": "line", "level": surface.level, "is_chance": surface.is_chance}
        return told, {f"{prefix}_slopes": surface.slopes}
    return {"kind": "trees", "is_chance": surface.is_chance}, surface.trees.arrays(prefix)
