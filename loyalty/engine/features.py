"""What a feature is: its name and words for people, and how it is added up from rows."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Kind = Literal["number", "share", "category"]
# Days before `as_of` that are looked at; None is all of the time before it.
WINDOWS: tuple[int | None, ...] = (7, 30, 90, 365, None)


class FeatureUnknown(Exception):
    """A feature was asked for that does not exist."""


@dataclass(frozen=True)
class Feature:
    """One thing that is known of every customer as of a moment.

    Attributes
    ----------
    name : str
        The column; `orders_30` is `orders` over 30 days, `category_share_365:Tea` is about one value.
    label, unit, family : str
        Words for people: what it is, what it is counted in, what it stands beside.
    kind : {"number", "share", "category"}
        A share lies between 0 and 1; a category is a word.
    source : str
        The set of rows it is added up from.
    aggregate : str
        How, as an aggregate of the database over the rows of one customer. In braces: `{since}` the begin of the
        window, `{window}` its name, `{value}` the value it is about, `{as_of}` the moment, `{zone}` the shop's zone.
    window_days : int or None
        Days before the moment; None for all time.
    value : str
        The department, brand or channel it is about; empty for most.
    default : float, str or None
        For a customer without such rows; None where there is nothing to say, which is missing and not zero.
    is_protected : bool
        A trait of the person: to audit with, not to target by.
    version : int
        To be raised when the same definition means something else.
    """

    name: str
    label: str
    unit: str
    family: str
    kind: Kind
    source: str
    aggregate: str
    window_days: int | None = None
    value: str = ""
    default: float | str | None = 0.0
    is_protected: bool = False
    version: int = 1

    @property
    def window(self) -> str:
        """Name of the window in column names."""
        return window_name(self.window_days)


def window_name(days: int | None) -> str:
    """`30`, or `all`."""
    return "all" if days is None else str(days)


def over_windows(features: Iterable[Feature], windows: Sequence[int | None] = WINDOWS) -> tuple[Feature, ...]:
    """Each feature over each window, the window added to its name."""
    return tuple(
        replace(feature, name=f"{feature.name}_{window_name(days)}", window_days=days)
        for feature in features
        for days in windows
    )


def for_values(features: Iterable[Feature], values: Iterable[str], label: str) -> tuple[Feature, ...]:
    """Each feature for each value; `label` has a place `{}` for it."""
    return tuple(
        replace(feature, name=f"{feature.name}:{value}", label=label.format(value), value=value)
        for value in values
        for feature in features
    )


def chosen(features: Sequence[Feature], names: Sequence[str] | None) -> tuple[Feature, ...]:
    """The features with these names, in this order; all of them for None.

    Raises
    ------
    FeatureUnknown
        Naming the first that does not exist.
    """
    if names is None:
        return tuple(features)
    known = {feature.name: feature for feature in features}
    for name in names:
        if name not in known:
            raise FeatureUnknown(f"There is no feature called “{name[:100]}”.")
    return tuple(known[name] for name in names)


def fingerprint(features: Sequence[Feature], *more: str) -> str:
    """A hash of definitions and whatever else decides the values: the same one, the same meaning."""
    told = json.dumps([[asdict(feature) for feature in features], more], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class FeatureFrame:
    """What is known of customers at one moment.

    Attributes
    ----------
    features : tuple of Feature
        One a column.
    table : pyarrow.Table
        `customer_id` (int64, rising) and a column a feature: float64, NaN where missing, or text, empty where missing.
    """

    features: tuple[Feature, ...]
    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names: what to ask for again when serving."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def customer_ids(self) -> NDArray[np.int64]:
        """Shape (n,)."""
        ids: NDArray[np.int64] = self.table["customer_id"].to_numpy()
        return ids

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One column of numbers, shape (n,)."""
        values: NDArray[np.float64] = self.table[name].to_numpy()
        return values

    def words(self, name: str) -> list[str]:
        """One column of words."""
        found: list[str] = self.table[name].to_pylist()
        return found

    def row(self, customer_id: int) -> dict[str, Any]:
        """Everything about one customer by name.

        Raises
        ------
        KeyError
            When the customer is not in the frame.
        """
        place = int(np.searchsorted(self.customer_ids, customer_id))
        if place == len(self) or self.customer_ids[place] != customer_id:
            raise KeyError(customer_id)
        values: dict[str, Any] = self.table.slice(place, 1).select(list(self.names)).to_pylist()[0]
        return values
