"""The feature store: what is known of customers as of a moment, defined once, for training and for serving."""

from loyalty.queries.features.outcomes import AFTER, Outcome, outcomes, register_outcome, what_came
from loyalty.queries.features.readings import Reading, Words
from loyalty.queries.features.store import customer_features, feature_list, largest_departments, register_reading

__all__ = [
    "AFTER",
    "Outcome",
    "Reading",
    "Words",
    "customer_features",
    "feature_list",
    "largest_departments",
    "outcomes",
    "register_outcome",
    "register_reading",
    "what_came",
]
