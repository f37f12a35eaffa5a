"""All that is needed to find the same segments again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from segments.engine.features import FeatureFrame
from segments.engine.plans import Method, Plan, PlanImpossible
from segments.engine.preparing import Scaler
from segments.queries.features import chosen_features, customer_features

MOST_FEATURES = 60


@dataclass(frozen=True)
class SegmentSpec:
    """What customers are divided by, and how.

    With `features` of the store or `vectors` named, `habits` and the largest categories do not count.
    """

    name: str = "What customers buy, how often and how much"
    habits: tuple[str, ...] = ("recency_days", "n_orders", "spend")
    n_categories: int = 3
    features: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    method: Method = "kmeans"
    scaler: Scaler = "standard"
    is_damped: bool = True
    keep: float | None = None
    k_min: int = 3
    k_max: int = 8
    k: int | None = None
    min_share: float = 0.05
    n_replicates: int = 5
    seed: int = 0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "SegmentSpec":
        """From plain JSON, such as a job's parameters or the settings of an earlier run."""
        given: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in told:
                value = told[field.name]
                given[field.name] = tuple(value) if isinstance(value, list) else value
        return cls(**given)

    def told(self) -> dict[str, Any]:
        """As plain JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @property
    def plan(self) -> Plan:
        return Plan(
            method=self.method,
            scaler=self.scaler,
            is_damped=self.is_damped,
            keep=self.keep,
            k_range=range(self.k_min, self.k_max + 1),
            k=self.k,
            min_share=self.min_share,
            n_replicates=self.n_replicates,
        )

    def frame(self, as_of: datetime) -> FeatureFrame:
        """What is known of customers. Raises PlanImpossible, FeatureUnknown, FeatureUnfit, VectorsMissing."""
        self.plan.check()
        if not self.features and not self.vectors:
            return customer_features(as_of=as_of, habits=self.habits, n_categories=self.n_categories)
        if len(self.features) > MOST_FEATURES:
            raise PlanImpossible(f"Features: choose {MOST_FEATURES} at most; more of them blur each other.")
        if len(self.features) < 2 and not self.vectors:
            raise PlanImpossible("Features: choose at least two.")
        return chosen_features(as_of=as_of, names=self.features, vectors=self.vectors)
