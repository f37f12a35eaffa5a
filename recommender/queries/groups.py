"""Groups of customers that a recommender is measured for one by one. Apps above register theirs when Django starts."""

from collections.abc import Callable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from loyalty.models import Customer

# Customer keys and a moment -> the name of each one's group, "" where there is none.
Grouping = Callable[[NDArray[np.int64], datetime], NDArray[np.str_]]
_REGISTERED: dict[str, Grouping] = {}


def register_grouping(name: str, grouping: Grouping) -> None:
    """A further way to group customers, under the name people see."""
    _REGISTERED[name] = grouping


def groups_of(customer_ids: NDArray[np.int64], as_of: datetime) -> dict[str, NDArray[np.str_]]:
    """Every grouping's names, in the order of `customer_ids`; one query a grouping."""
    known = {"Age": _age_groups, **_REGISTERED}
    return {name: grouping(customer_ids, as_of) for name, grouping in known.items()}


def _age_groups(customer_ids: NDArray[np.int64], as_of: datetime) -> NDArray[np.str_]:
    return labelled(customer_ids, dict(Customer.objects.exclude(age_group="").values_list("pk", "age_group")))


def labelled(customer_ids: NDArray[np.int64], names: dict[int, str]) -> NDArray[np.str_]:
    """The name of each customer, "" where there is none."""
    return np.array([names.get(one, "") for one in customer_ids.tolist()], dtype=str)
