"""The feature store: what is known of customers as of a moment, defined once, for training and for serving."""

from loyalty.queries.features.outcomes import AFTER, Outcome, outcomes, register_outcome, what_came
from loyalty.queries.features.readings import Reading, Words, parameters, statement
from loyalty.queries.features.store import (
    customer_features,
    definitions,
    feature_list,
    largest_departments,
    register_reading,
)

__all__ = [
    "AFTER",
    "Outcome",
    "Reading",
    "Words",
    "customer_features",
    "definitions",
    "feature_list",
    "largest_departments",
    "outcomes",
    "parameters",
    "register_outcome",
    "register_reading",
    "statement",
    "what_came",
]
