"""What customers are divided by, out of the feature store: those who had ordered before a moment."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from loyalty.engine import features as kinds
from loyalty.queries import features as store
from segments.engine.features import FeatureFrame, category_words, feature_words, habit_words
from segments.engine.naming import FeatureWords
from segments.queries.vectors import VECTOR_PREFIX, vector_columns, vector_sources, vector_words

# The names that segments are saved under, and the features they are.
STORED = {
    "recency_days": "recency_days",
    "tenure_days": "tenure_days",
    "n_orders": "orders_all",
    "spend": "spend_all",
    "basket_value": "basket_value_all",
    "coupon_share": "coupon_share_all",
}
HAS_BOUGHT = "orders_all"


class FeatureUnfit(Exception):
    """A feature that customers must not, or cannot, be divided by."""


def customer_features(*, as_of: datetime, habits: tuple[str, ...], n_categories: int) -> FeatureFrame:
    """The chosen habits of every customer with an order before `as_of`, and their shares of the largest categories."""
    words = habit_words(habits)
    categories = store.largest_departments(as_of=as_of, n=n_categories) if n_categories else []
    sources = [STORED[name] for name in habits] + [f"category_share_all:{category}" for category in categories]
    words += tuple(category_words(category) for category in categories)
    return source_features(as_of=as_of, sources=sources, words=words)


def chosen_features(*, as_of: datetime, names: Sequence[str], vectors: Sequence[str] = ()) -> FeatureFrame:
    """Features of the store by name, of every customer with an order before `as_of`, and whole vectors beside them.

    Raises FeatureUnknown, FeatureUnfit, VectorsMissing.
    """
    known = store.feature_list(as_of=as_of, names=names)
    _check(known)
    sources = [*names, *vector_sources(vectors)]
    words = tuple(feature_words(one) for one in known) + vector_words(sources[len(names) :])
    return source_features(as_of=as_of, sources=sources, words=words)


def source_features(
    *,
    as_of: datetime,
    sources: Sequence[str],
    words: tuple[FeatureWords, ...],
    customer_ids: Sequence[int] | None = None,
) -> FeatureFrame:
    """What a frame had, for everybody or some customers, as of another moment; who has not bought is left out."""
    stored = [source for source in sources if not source.startswith(VECTOR_PREFIX)]
    names = list(dict.fromkeys([HAS_BOUGHT, *stored]))
    frame = store.customer_features(as_of=as_of, names=names, customer_ids=customer_ids)
    has_bought = frame.numbers(HAS_BOUGHT) > 0
    ids = frame.customer_ids[has_bought]
    learnt = vector_columns(ids, as_of, [source for source in sources if source.startswith(VECTOR_PREFIX)])
    values = np.empty((len(ids), len(sources)))
    for column, source in enumerate(sources):
        values[:, column] = learnt[source] if source in learnt else frame.numbers(source)[has_bought]
    return FeatureFrame(ids, values, words, tuple(sources))


def _is_fit(feature: kinds.Feature) -> bool:
    return feature.kind != "category" and not feature.is_protected


def _check(known: Sequence[kinds.Feature]) -> None:
    for feature in known:
        if feature.is_protected:
            raise FeatureUnfit(
                f"Features: “{feature.label}” is a trait of the person, to audit with and not to divide by. "
                "Take it away."
            )
        if not _is_fit(feature):
            raise FeatureUnfit(f"Features: “{feature.label}” is a word, not a number. Take it away.")
