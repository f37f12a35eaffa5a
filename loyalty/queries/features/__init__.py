"""The feature store: what is known of customers as of a moment, defined once, for training and for serving."""

from loyalty.queries.features.readings import Reading, Words
from loyalty.queries.features.store import customer_features, feature_list, largest_departments, register_reading

__all__ = ["Reading", "Words", "customer_features", "feature_list", "largest_departments", "register_reading"]
