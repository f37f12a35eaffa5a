"""Tell a version in rules that anybody understands, and say how far they agree with it."""

from datetime import datetime

import numpy as np

from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.attributes import Attributes
from recommender.engine.contests.surrogate import Surrogate, imitate
from recommender.engine.ids import IdMap
from recommender.models import ModelVersion, SurrogateTree
from recommender.queries.descriptions import product_facts
from recommender.queries.histories import known_to
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.services.evaluation import row
from recommender.services.scoring import TOP_K
from recommender.services.shards import VersionGone


def explain_version(*, version_id: int, at: datetime, seed: int, report: Progress) -> SurrogateTree:
    """Find the rules on what was known when the version was trained; found again, they replace the ones before.

    Raises VersionGone, ArtefactDamaged and TooFewCustomers.
    """
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise VersionGone("This version no longer exists.")
    report(0, 1, "Asking it about many customers")
    found = _imitated(version, seed)
    values = {
        "rules": [vars(rule) for rule in found.rules],
        "agreement": row(found.agreement),
        "r2": row(found.r2),
        "n_customers": found.n_customers,
        "as_of": version.data_until,
        "job_id": report.job_id,
        "made_at": at,
    }
    with report.writing():
        return SurrogateTree.objects.update_or_create(version=version, defaults=values)[0]


def _imitated(version: ModelVersion, seed: int) -> Surrogate:
    recommender = registry.open_recommender(version)
    frame = interactions_frame(purchases_until(version.data_until))
    customers = IdMap(frame["customer_id"].to_numpy())
    known = known_to(recommender, version, frame, customers=customers, until=version.data_until)
    facts = Attributes.from_frame(product_facts(), "product_id", recommender.products)
    return imitate(recommender, known.history, facts, k=TOP_K, rng=np.random.default_rng(seed))
