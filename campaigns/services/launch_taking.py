"""Which products a new one would take from."""

from typing import Any

import numpy as np
from scipy.special import expit

from campaigns.engine.frames import IntArray
from campaigns.engine.launches.likes import Alike
from campaigns.engine.launches.taking import Substitution, at_stake, substitution
from campaigns.engine.simulation import stream
from campaigns.queries.new_products import LADDER
from campaigns.services.launch_past import Expected, Seen, launches_told
from loyalty.models import Product

MOST_TAKEN_FROM = 10


def takes_from(expected: Expected, seen: Seen, seed: int) -> dict[str, Any]:
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
            f"Of 10 pieces of {launches_told(alike)}, about {10 * learnt.share:.0f} were bought in place of others "
            f"({10 * learnt.low:.0f} to {10 * learnt.high:.0f}): most of all it would take from {first}."
        )
    return (
        f"Cannot tell how much it would take: {launches_told(alike)} do not show that their buyers bought less of "
        f"anything else. Most at stake is {first}."
    )
