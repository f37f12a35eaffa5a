"""What is known of finished randomised campaigns: their people as arrays, and what the pages show."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import QuerySet

from campaigns.engine.frames import CustomerFrame, FloatArray, IntArray
from campaigns.engine.uplift.frames import RandomisedFrame, observed_chances
from campaigns.models import Trial, UpliftModel
from campaigns.queries.reception import reception_features
from loyalty.queries.frames import copy_frame

# Known of every customer at any moment, in the light of no campaign, and not growing with the calendar: what was learnt
# at a trial's start is asked again months later.
STEADY = (
    "recency_days", "orders_90", "orders_30", "spend_90", "spend_30", "coupon_orders_90", "coupon_order_share",
    "redemptions_90", "taken_share",
)  # fmt: skip
NO_CAMPAIGN = 0


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


def known_at_start(as_of: datetime) -> CustomerFrame:
    """What the shop knew just before `as_of` of every customer, by rising key: what a trial had not touched yet."""
    found = reception_features(campaign_id=NO_CAMPAIGN, as_of=as_of)
    return CustomerFrame(found.customer_ids, steady_values(found, STEADY), STEADY)


def steady_values(customers: CustomerFrame, names: tuple[str, ...]) -> FloatArray:
    """The named columns, shape (n_customers, n_names)."""
    return np.asarray(customers.values[:, [customers.names.index(name) for name in names]])


def ranking_models() -> QuerySet[UpliftModel]:
    """What customers may be ranked by instead of their response, newest trial first."""
    done = {"trial__state": Trial.State.DONE, "trial__outcome_value__isnull": False}
    current = UpliftModel.objects.filter(is_current=True, is_open=True, **done)
    return current.select_related("trial", "arm").defer("arrays", "params", "trial__plan", "trial__results")


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
