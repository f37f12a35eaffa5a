"""What it takes to divide a million customers: from their features to memberships, beside scikit-learn's bare call."""

import time
from datetime import UTC, datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from campaigns.management.benchmarks.measuring import Measurement, watched
from loyalty.services.progress import QuietProgress
from segments.engine.dividing.kmeans import KMeansDivider
from segments.engine.features import FeatureFrame
from segments.engine.naming import FeatureWords
from segments.engine.preparing import Preparation
from segments.models import SegmentMembership
from segments.services.finding import divided
from segments.services.saving import save_segmentation
from segments.services.segmentations import write_found
from segments.services.specs import SegmentSpec

N_CUSTOMERS, N_FEATURES, N_KINDS = 1_000_000, 16, 6
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
SPEC = SegmentSpec(name="A million", k_min=3, k_max=8, seed=3)
N_TURNS = 3
CUSTOMERS = """
INSERT INTO loyalty_customer
    (external_id, name, age_group, gender, income_band, household_type, household_size, location, preferred_channel,
     attributes)
SELECT 'C' || n, '', '', '', '', '', '', '', '', '{}' FROM generate_series(1, %s) n;
ANALYZE loyalty_customer
"""


def cluster_million() -> list[Measurement]:
    """MiniBatch K-Means by turns with scikit-learn's own; then the whole way, without what that call takes."""
    features, kinds = _features(_customers())
    prepared = Preparation.learn(features.values).apply(features.values)
    own, peer = _by_turns(prepared)
    del prepared
    with watched() as watch:
        found = divided(features, SPEC, AS_OF, QuietProgress())
        draft = write_found(found, SPEC, as_of=AS_OF, at=AS_OF, job_id=None, mark=0)
        save_segmentation(segmentation=draft, at=AS_OF)
    n_saved = SegmentMembership.objects.count()
    truth = adjusted_rand_score(kinds, found.clustering.labels)
    told = (
        f"{n_saved:,} memberships of {found.clustering.k} segments saved, planted ones found again with an adjusted "
        f"Rand index of {truth:.3f}; scikit-learn's fit alone {peer:.1f} s"
    )
    rest = watch.seconds - own
    return [
        Measurement("cluster_million_fit", round(own, 2), "s", f"scikit-learn {peer:.2f} s", round(own / peer, 3), 0.0),
        Measurement(
            "cluster_million", round(rest, 1), "s", told, round(rest / peer, 3), watch.peak_mb, watch.own_mb
        ),
    ]  # fmt: skip


def _customers() -> NDArray[np.int64]:
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMERS, [N_CUSTOMERS])
        cursor.execute("SELECT min(id) FROM loyalty_customer")
        first = cursor.fetchone()[0]
    return np.arange(first, first + N_CUSTOMERS, dtype=np.int64)


def _features(ids: NDArray[np.int64]) -> tuple[FeatureFrame, NDArray[np.int64]]:
    """Six kinds of customers, skewed as money and counts are."""
    rng = np.random.default_rng(1)
    centres = rng.normal(3, 1.2, (N_KINDS, N_FEATURES))
    kinds = rng.integers(0, N_KINDS, len(ids))
    values = np.expm1(centres[kinds] + 0.5 * rng.normal(size=(len(ids), N_FEATURES)))
    names = tuple(f"habit_{number}" for number in range(N_FEATURES))
    words = tuple(FeatureWords(name, name, "suffix", f"much {name}", f"little {name}", "none") for name in names)
    return FeatureFrame(ids, values, words, names), kinds


def _by_turns(prepared: NDArray[np.float64]) -> tuple[float, float]:
    """Seconds of our call and of scikit-learn's, the median of a few turns each: others share the machine.

    Both with one thread, as divisions are made: for batches so small threads wait for each other most of the time.
    """
    own, peer = [], []
    with threadpool_limits(limits=1):
        for _ in range(N_TURNS):
            began = time.perf_counter()
            KMeansDivider(N_KINDS, random_state=3).fit(prepared)
            between = time.perf_counter()
            MiniBatchKMeans(n_clusters=N_KINDS, n_init=5, random_state=3).fit(prepared)
            own.append(between - began)
            peer.append(time.perf_counter() - between)
    return float(np.median(own)), float(np.median(peer))
