"""What customers did in the thirty days after a moment: what features are asked about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from loyalty.queries.frames import copy_frame

AFTER = timedelta(days=30)
BOUGHT_AGAIN = """
SELECT o.customer_id, bool_or(o.ordered_at >= %(as_of)s) AS did
FROM loyalty_order o
WHERE o.customer_id IS NOT NULL AND o.ordered_at < %(until)s AND o.reverses_id IS NULL
GROUP BY o.customer_id HAVING min(o.ordered_at) < %(as_of)s ORDER BY o.customer_id
"""


@dataclass(frozen=True)
class Outcome:
    """Something a customer does or does not do. `sql` selects `customer_id` and `did` of those who could have."""

    name: str
    label: str
    sql: str


_OUTCOMES = [Outcome("bought_again", "buying again within 30 days", BOUGHT_AGAIN)]


def register_outcome(outcome: Outcome) -> None:
    """Let an app above add what it knows of, when Django starts."""
    if outcome not in _OUTCOMES:
        _OUTCOMES.append(outcome)


def outcomes() -> tuple[Outcome, ...]:
    return tuple(_OUTCOMES)


def what_came(outcome: Outcome, *, as_of: datetime) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Who could have done it in the thirty days from `as_of`, and whether they did."""
    frame = copy_frame(outcome.sql, {"as_of": as_of, "until": as_of + AFTER})
    return frame["customer_id"].to_numpy(), frame["did"].to_numpy(zero_copy_only=False).astype(bool)
