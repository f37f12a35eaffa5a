"""What may be tuned: every recommender declares its own space, any search can walk it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Whole:
    """A whole number between ``low`` and ``high``, both included; even on the log scale where ``log``."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Real:
    """A number between ``low`` and ``high``; even on the log scale where ``log``."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class OneOf:
    """One of these values, which JSON can hold."""

    values: tuple[str | int | float | bool | None, ...]


Dimension = Whole | Real | OneOf
