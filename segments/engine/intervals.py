"""How sure a share is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# 95 in 100 of a normal distribution.
Z_95 = 1.96


def share_interval(hits: ArrayLike, n: ArrayLike, z: float = Z_95) -> tuple[Floats, Floats]:
    """Low and high of a share (0–1) of independent customers; 0 and 1 where there are none.

    Parameters
    ----------
    hits, n : array_like, any one shape
        ``n`` need not be whole: customers seen several times count for fewer.
    z : float
        Standard deviations to both sides.

    References
    ----------
    Wilson: Probable Inference, the Law of Succession, and Statistical Inference, JASA 1927.
    """
    hits, n = np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64)
    seen = np.maximum(n, 1e-12)
    share = hits / seen
    middle = (share + z**2 / (2 * seen)) / (1 + z**2 / seen)
    half = z / (1 + z**2 / seen) * np.sqrt(share * (1 - share) / seen + z**2 / (4 * seen**2))
    some = n > 0
    return np.where(some, np.maximum(middle - half, 0), 0.0), np.where(some, np.minimum(middle + half, 1), 1.0)


def clustered_share(hits: Floats, n: Floats, z: float = Z_95) -> tuple[float, float, float]:
    """Share, low and high where every customer was seen ``n`` times and counted ``hits`` times.

    Parameters
    ----------
    hits, n : ndarray of float64, shape (n_customers,)

    Notes
    -----
    What one customer does twice is no two pieces of evidence: the variance is that of a ratio over customers, and
    Wilson's interval is taken for as many independent customers as would have that variance.
    """
    total = float(n.sum())
    if total <= 0:
        return 0.0, 0.0, 1.0
    share = float(hits.sum()) / total
    variance = float(((hits - share * n) ** 2).sum()) / total**2
    n_seen = float((n > 0).sum())
    worth = share * (1 - share) / variance if variance > 0 else n_seen
    worth = min(worth, total)
    low, high = share_interval(share * worth, worth, z)
    return share, float(low), float(high)
