"""What customers are divided by, out of the feature store: those who had ordered before a moment."""

from datetime import datetime

import numpy as np

from loyalty.queries import features as store
from segments.engine.features import FeatureFrame, category_words, habit_words

# The names that segments are saved under, and the features they are.
STORED = {
    "recency_days": "recency_days",
    "tenure_days": "tenure_days",
    "n_orders": "orders_all",
    "spend": "spend_all",
    "basket_value": "basket_value_all",
    "coupon_share": "coupon_share_all",
}


def customer_features(*, as_of: datetime, habits: tuple[str, ...], n_categories: int) -> FeatureFrame:
    """The chosen habits of every customer with an order before `as_of`, and their shares of the largest categories."""
    words = habit_words(habits)
    categories = store.largest_departments(as_of=as_of, n=n_categories) if n_categories else []
    names = [STORED[name] for name in habits] + [f"category_share_all:{category}" for category in categories]
    frame = store.customer_features(as_of=as_of, names=list(dict.fromkeys(["orders_all", *names])))
    has_bought = frame.numbers("orders_all") > 0
    columns = [frame.numbers(name)[has_bought] for name in names]
    values = np.column_stack(columns) if columns else np.empty((int(has_bought.sum()), 0))
    words += tuple(category_words(category) for category in categories)
    return FeatureFrame(frame.customer_ids[has_bought], values, words)
