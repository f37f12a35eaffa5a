"""Groups around centres, for any number of customers."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from segments.engine.dividing.base import ByCentres, Labels, Matrix, largest_first, relabelled

# Past this many rows whole passes take minutes, and draws of a few thousand find the same centres.
MINI_BATCH_PAST = 100_000


class KMeansDivider(ByCentres):
    """K-Means; MiniBatch K-Means past 100,000 rows.

    Parameters
    ----------
    k : int
    n_init : int
        Starts, of which the tightest is kept.
    random_state : int

    References
    ----------
    Lloyd: Least squares quantization in PCM, 1982. Sculley: Web-scale k-means clustering, 2010.
    """

    def __init__(self, k: int = 3, n_init: int = 5, random_state: int = 0) -> None:
        self.k = k
        self.n_init = n_init
        self.random_state = random_state

    def _learn(self, values: Matrix) -> Labels:
        kind = MiniBatchKMeans if len(values) > MINI_BATCH_PAST else KMeans
        fit = kind(n_clusters=self.k, n_init=self.n_init, random_state=self.random_state).fit(values)
        order = largest_first(fit.labels_)
        self.centres_ = fit.cluster_centers_[order].astype(np.float64)
        return relabelled(fit.labels_, order)
