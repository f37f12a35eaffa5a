"""Who would buy a new product first, kept as an audience."""

from datetime import datetime

import numpy as np
from scipy.special import expit

from campaigns.engine.launches.who import reasons
from campaigns.models import (
    Audience,
    AudienceMember,
    NewProduct,
)
from campaigns.services.launch_past import Expected, Seen

# Whom to ask first; more are not looked through by anybody.
MOST_FIRST = 1_000
BATCH = 5_000


def first_buyers(
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
