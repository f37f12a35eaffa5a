"""What the engine found, as plain numbers that are kept as JSON."""

from typing import Any

import numpy as np

from campaigns.engine.uplift.estimates import Estimate
from campaigns.engine.uplift.groups import Group


def told_interval(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def told_group(group: Group) -> dict[str, Any]:
    """A group as plain numbers, open ends as None."""

    def end(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        "conditions": [{"name": one.name, "low": end(one.low), "high": end(one.high)} for one in group.conditions],
        "share": group.share,
        "effect": told_interval(group.effect),
        "effect_elsewhere": told_interval(group.effect_elsewhere),
        "fidelity": group.fidelity,
    }
