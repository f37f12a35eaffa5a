"""How many customers of each group buy each product."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from loyalty.queries.frames import copy_frame

# Products that fewer customers bought say nothing of a group, and there are many of them.
FEWEST_BUYERS = 10
BUYERS = """
WITH who AS MATERIALIZED (
    SELECT * FROM unnest(%(ids)s::bigint[], %(groups)s::int[]) AS who (customer_id, label)
), bought AS (
    SELECT DISTINCT who.label, who.customer_id, l.product_id
    FROM who JOIN loyalty_order o USING (customer_id) JOIN loyalty_orderline l ON l.order_id = o.id
    WHERE o.ordered_at >= %(since)s AND o.ordered_at < %(until)s AND o.reverses_id IS NULL
), counted AS (
    SELECT product_id, label, count(*) AS n, sum(count(*)) OVER (PARTITION BY product_id) AS n_all
    FROM bought GROUP BY product_id, label
)
SELECT product_id, label, n FROM counted WHERE n_all >= %(fewest)s ORDER BY product_id, label
"""


@dataclass(frozen=True)
class Buyers:
    """Products, shape (n,), and how many of each group bought them, shape (n, n_groups + 1): column 0 is no group."""

    product_ids: NDArray[np.int64]
    counts: NDArray[np.int64]


def buyers_by_group(
    customer_ids: NDArray[np.int64], labels: NDArray[np.int64], *, since: datetime, until: datetime
) -> Buyers:
    """Among these customers, `labels` from 0, -1 for none."""
    about = {"ids": customer_ids.tolist(), "groups": labels.tolist()}
    found = copy_frame(BUYERS, {**about, "since": since, "until": until, "fewest": FEWEST_BUYERS})
    products, rows = np.unique(found["product_id"].to_numpy(), return_inverse=True)
    counts = np.zeros((len(products), int(labels.max(initial=0)) + 2), dtype=np.int64)
    counts[rows, found["label"].to_numpy() + 1] = found["n"].to_numpy()
    return Buyers(products, counts)
