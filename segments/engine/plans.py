"""How customers are to be divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segments.engine.dividing.base import Divider
from segments.engine.dividing.density import DbscanDivider, HdbscanDivider
from segments.engine.dividing.kmeans import KMeansDivider
from segments.engine.dividing.ward import WardDivider
from segments.engine.preparing import SCALERS, Scaler

Method = Literal["kmeans", "ward", "dbscan", "hdbscan"]
DIVIDERS: dict[Method, type[Divider]] = {
    "kmeans": KMeansDivider,
    "ward": WardDivider,
    "dbscan": DbscanDivider,
    "hdbscan": HdbscanDivider,
}
MOST_SEGMENTS = 15


class PlanImpossible(Exception):
    """What was asked for cannot be done; the sentence names the setting and what to do."""


@dataclass(frozen=True)
class Plan:
    """A way to divide customers.

    Attributes
    ----------
    method : {"kmeans", "ward", "dbscan", "hdbscan"}
    scaler : {"standard", "minmax", "robust"}
    is_damped : bool
        Take log1p of the raw values first.
    keep : float, optional
        Divide by the principal components that explain this share (0–1) of all differences, not by the features.
    k_range : range
        Numbers of groups to try, 2 or more each. Density finds its own number.
    k : int, optional
        One of them, where a person chose it; by default the one that the scores speak for.
    k_before : int, optional
        The number of groups of the division that this one goes on from: it stays while it may be offered.
    min_share : float
        Share (0–1) that the smallest group should have.
    n_replicates : int
        Bootstrap fits for the stability of every k.
    """

    method: Method = "kmeans"
    scaler: Scaler = "standard"
    is_damped: bool = True
    keep: float | None = None
    k_range: range = range(3, 9)
    k: int | None = None
    k_before: int | None = None
    min_share: float = 0.05
    n_replicates: int = 5

    @property
    def kind(self) -> type[Divider]:
        """The divider's class."""
        return DIVIDERS[self.method]

    def divider(self, k: int, seed: int, *, is_replicate: bool = False) -> Divider:
        """A divider into k groups. A replicate takes fewer starts: it is one of many."""
        if self.method == "kmeans":
            return KMeansDivider(k, n_init=2 if is_replicate else 5, random_state=seed)
        if self.method == "ward":
            return WardDivider(k, random_state=seed)
        if self.method == "dbscan":
            return DbscanDivider(random_state=seed)
        return HdbscanDivider(self.min_share, random_state=seed)

    def check(self) -> None:
        """Raise PlanImpossible where a setting is out of its range."""
        for is_wrong, sentence in (
            (self.method not in DIVIDERS, f"Method: choose one of {', '.join(DIVIDERS)}."),
            (self.scaler not in SCALERS, f"Scale: choose one of {', '.join(SCALERS)}."),
            (
                self.keep is not None and not 0.5 <= self.keep <= 1,
                "Differences to keep: give a share from 50% to 100%.",
            ),
            (
                not self.k_range or self.k_range[0] < 2 or self.k_range[-1] > MOST_SEGMENTS,
                f"Number of segments: give a range from 2 to {MOST_SEGMENTS}, the smaller number first.",
            ),
            (
                self.k is not None and self.k not in self.k_range,
                f"Number of segments: {self.k} is not one of those that are compared.",
            ),
            (not 0 < self.min_share < 0.5, "Smallest segment: give a share between 0% and 50%."),
        ):
            if is_wrong:
                raise PlanImpossible(sentence)
