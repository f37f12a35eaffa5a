"""How a feature is spread over the customers, in a dozen numbers."""

from collections import Counter
from typing import Any

import numpy as np

from loyalty.engine.features import Feature, FeatureFrame

N_BARS = 12
# Beyond these a few customers would squeeze all others into one bar.
LOWEST, HIGHEST = 0.01, 0.99


def missing_share(frame: FeatureFrame, feature: Feature) -> float:
    """Share (0–1) of customers of whom it is not known."""
    if feature.kind == "category":
        words = frame.words(feature.name)
        return sum(not word for word in words) / max(len(words), 1)
    return float(np.isnan(frame.numbers(feature.name)).mean()) if len(frame) else 0.0


def sketch(frame: FeatureFrame, feature: Feature) -> dict[str, Any]:
    """Shares of the customers of whom it is known.

    Returns
    -------
    dict
        `bars`: shares (0–1) by bin; and `low`, `median`, `high` of a number, the ends its 1st and 99th percentile,
        or `words`, the names of the bars, most frequent first.
    """
    if feature.kind == "category":
        counted = Counter(word for word in frame.words(feature.name) if word).most_common(N_BARS)
        total = sum(n for _, n in counted) or 1
        return {"bars": [n / total for _, n in counted], "words": [word for word, _ in counted]}
    values = frame.numbers(feature.name)
    known = values[~np.isnan(values)]
    if not len(known):
        return {"bars": []}
    low, median, high = np.quantile(known, [LOWEST, 0.5, HIGHEST]).tolist()
    if feature.kind == "share":
        low, high = 0.0, 1.0
    edges = np.linspace(low, high, N_BARS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    return {"bars": (counts / len(known)).tolist(), "low": low, "median": median, "high": high}
