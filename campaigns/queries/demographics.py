"""Whether forecasts may look at demographics, and what is known of them. Nobody looks without a decision."""

from collections.abc import Sequence

import numpy as np
from django.db.models import Count

from campaigns.engine.feature_groups import TRAIT
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.models import DemographicsDecision
from loyalty.models import Customer

FIELDS = ("age_group", "gender", "income_band", "household_type", "household_size")
# A handful of people is no kind of customer, and would be known by it.
FEWEST_ALIKE = 30
MOST_VALUES = 8


def newest_decision() -> DemographicsDecision | None:
    return DemographicsDecision.objects.select_related("by").order_by("id").last()


def allowed_traits() -> tuple[str, ...]:
    """Columns that forecasts may look at: the commonest values of each trait; none where nobody has allowed it."""
    decided = newest_decision()
    if decided is None or not decided.is_allowed:
        return ()
    return tuple(f"{TRAIT}{field}={value}" for field in FIELDS for value in _values(field))


def _values(field: str) -> list[str]:
    counted = Customer.objects.exclude(**{field: ""}).order_by().values(field).annotate(n=Count("pk"))
    common = counted.filter(n__gte=FEWEST_ALIKE).order_by("-n", field)
    return sorted(common.values_list(field, flat=True)[:MOST_VALUES])


def trait_columns(customer_ids: IntArray, names: Sequence[str]) -> dict[str, FloatArray]:
    """1 for customers of whom a trait is known to have the value in the column's name, else 0; ids rise."""
    columns = {}
    for name in names:
        field, _, value = name.removeprefix(TRAIT).partition("=")
        alike = Customer.objects.filter(**{field: value}).order_by("pk").values_list("pk", flat=True)
        if len(customer_ids):
            alike = alike.filter(pk__range=(int(customer_ids[0]), int(customer_ids[-1])))
        ids = np.fromiter(alike.iterator(chunk_size=5000), dtype=np.int64)
        columns[name] = np.isin(customer_ids, ids).astype(np.float64)
    return columns
