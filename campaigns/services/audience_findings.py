"""What is found out about an audience when it is chosen: who fell out where, who they are, whether it is fair."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.special import expit

from campaigns.engine.audience.describing import Apart, NothingToDescribe, describe, set_apart
from campaigns.engine.audience.fairness import shares_by
from campaigns.engine.audience.gates import StopArray, waterfall
from campaigns.engine.frames import BoolArray, CustomerFrame, IntArray
from campaigns.queries.reach import traits_of
from campaigns.services.scoring import Scored

SHOWN_APART = 10
DIGITS = 4


def findings(scored: Scored, stops: StopArray, allowed: IntArray, rows: IntArray, seed: int) -> dict[str, Any]:
    """JSON for the page of an audience. All of it compares the chosen with everybody who might have been written to."""
    base = scored.customers.take(allowed)
    chosen: BoolArray = np.isin(allowed, rows)
    chances = expit(scored.logits[allowed] + scored.learnt.knowledge.effect.mean)
    traits = traits_of(base.customer_ids)
    return {
        "n_everybody": len(stops),
        "n_allowed": len(allowed),
        "waterfall": [{"stop": step.stop.name, "out": step.n_out, "left": step.n_left} for step in waterfall(stops)],
        "description": _described(base, chosen, seed),
        "apart": [_rounded(asdict(one)) for one in _told(set_apart(base, chosen))],
        "fairness": {
            name: [_rounded(asdict(group)) for group in shares_by(trait, chosen, chances)]
            for name, trait in traits.items()
        },
    }


def _described(base: CustomerFrame, chosen: BoolArray, seed: int) -> dict[str, Any]:
    try:
        found = describe(base, chosen, np.random.default_rng(seed))
    except NothingToDescribe as why:
        return {"why_not": str(why)}
    return {**_rounded(asdict(found)), "is_faithful": found.is_faithful}


def _told(differences: tuple[Apart, ...]) -> list[Apart]:
    return list(differences[:SHOWN_APART])


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, DIGITS) if isinstance(value, float) else value for name, value in values.items()}
