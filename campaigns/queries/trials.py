"""What is known of finished randomised campaigns: their people as arrays, and what the pages show."""

from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.uplift.frames import RandomisedFrame, observed_chances
from campaigns.models import Trial
from loyalty.queries.frames import copy_frame


@dataclass(frozen=True)
class TrialRows:
    """The people of a trial. `frame` compares the outcome; money is beside it; `customer_ids` is 0 for strangers."""

    frame: RandomisedFrame
    value: FloatArray
    attributed: FloatArray
    customer_ids: IntArray
    lines: IntArray
    has_plan: bool


def trial_rows(trial: Trial) -> TrialRows:
    """Read all people of a trial, by COPY."""
    arms = list(trial.arms.all())
    n_features = len(trial.feature_names)
    features = [f"features[{place + 1}] AS f{place}" for place in range(n_features)]
    chances = [f"propensity[{place + 1}] AS p{place}" for place in range(len(arms))]
    columns = ["row", "coalesce(customer_id, 0) AS customer_id", '"group"', "arm", "outcome", "value", "attributed"]
    listed = ", ".join([*columns, *features, *chances])
    table = copy_frame(
        f"SELECT {listed} FROM campaigns_trialperson WHERE trial_id = %s ORDER BY row",  # noqa: S608 - our own names
        [trial.pk],
    )
    arm_rows = table.column("arm").to_numpy().astype(np.int64)
    logged = np.column_stack([table.column(f"p{place}").to_numpy() for place in range(len(arms))])
    planned = [arm.planned_share for arm in arms]
    return TrialRows(
        frame=RandomisedFrame(
            values=_stacked([table.column(f"f{place}").to_numpy() for place in range(n_features)], len(arm_rows)),
            names=tuple(trial.feature_names),
            arms=tuple(arm.name for arm in arms),
            arm_rows=arm_rows,
            outcome=table.column("outcome").to_numpy().astype(np.float64),
            propensity=_chances(logged, planned, arm_rows),
            groups=table.column("group").to_numpy().astype(np.int64),
        ),
        value=table.column("value").to_numpy().astype(np.float64),
        attributed=table.column("attributed").to_numpy().astype(np.float64),
        customer_ids=table.column("customer_id").to_numpy().astype(np.int64),
        lines=table.column("row").to_numpy().astype(np.int64),
        has_plan=bool(np.isfinite(logged.astype(np.float64)).all()) or None not in planned,
    )


def _stacked(columns: list[FloatArray], n_rows: int) -> FloatArray:
    return np.column_stack(columns).astype(np.float64) if columns else np.empty((n_rows, 0))


def _chances(logged: FloatArray, planned: list[float | None], arm_rows: IntArray) -> FloatArray:
    """Chances as logged, else as planned, else as the arms turned out."""
    found = logged.astype(np.float64)
    if np.isfinite(found).all():
        return np.asarray(found / found.sum(axis=1, keepdims=True))
    if None not in planned:
        shares = np.array(planned, dtype=np.float64)
        return np.tile(shares / shares.sum(), (len(arm_rows), 1))
    return observed_chances(arm_rows, len(planned))


def trial_list(*, text: str = "") -> QuerySet[Trial]:
    """Trials, newest first."""
    found = Trial.objects.defer("plan").order_by("-id")
    return found.filter(name__icontains=text) if text else found
