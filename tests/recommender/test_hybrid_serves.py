"""The learned ranker in use: lists by shards, reasons that hold, requests answered, and nothing heavy loaded for it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from loyalty.models import Customer
from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.hybrid import Hybrid
from recommender.engine.popularity import Popularity
from recommender.models import ModelVersion, Recommendation, Shortlist
from recommender.services import scoring
from recommender.services.online import served_recommendations
from recommender.services.training import line_up, train_recommenders
from tests.recommender.test_services import AS_OF, artefact_dir, shop
from tests.test_architecture import LEARNING

pytestmark = pytest.mark.django_db
__all__ = ["artefact_dir", "shop"]
# pandas comes with the base class that scikit-learn gives every estimator, wherever it is installed.
ABSENT = tuple(name for name in LEARNING if name != "pandas")
SMALL = Hybrid(n_windows=1, n_trees=30, learning_rate=0.1, max_products=24, min_leaf=5, random_state=1)


class Notes(QuietProgress):
    def __init__(self):
        self.told = []

    def note(self, text):
        self.told.append(text)


@pytest.fixture
def ranker(shop, at):
    competing = (Popularity(), SMALL)
    trained = train_recommenders(as_of=AS_OF, at=at, random_state=1, report=QuietProgress(), competing=competing)
    return trained.versions[1]


def lists():
    return list(Shortlist.objects.order_by("customer_id").values_list("customer_id", "product_ids", "because_ids"))


def test_it_wins_where_there_is_a_taste_and_serves(ranker):
    rows = Recommendation.objects.select_related("customer", "product")

    assert ranker.alias == ModelVersion.Alias.CHAMPION, ranker.verdict
    assert rows.count() == 30 * 10
    own_side = [int(row.customer.external_id[1:]) % 2 == int(row.product.sku[1:]) % 2 for row in rows]
    assert np.mean(own_side) > 0.95


def test_its_shards_together_are_the_whole(ranker, at, monkeypatch):
    whole = lists()
    monkeypatch.setattr(scoring, "CUSTOMERS_PER_SHARD", 7)
    everybody = list(Customer.objects.values_list("pk", flat=True))

    scoring.score_customers(ranker, everybody, 10, as_of=AS_OF, at=at, report=QuietProgress())

    assert len(whole) == 30
    assert lists() == whole


def test_a_request_is_answered_from_its_list(ranker, at):
    customer_id, product_ids, because_ids = lists()[0]

    served = served_recommendations(Customer.objects.get(pk=customer_id), "product_page", at, k=3)

    assert {because for _, _, named in lists() for because in named} - {-1}
    assert len(because_ids) == len(product_ids)
    assert (served.source, served.version.algorithm) == ("shortlist", "hybrid")
    assert {one.product.product_id for one in served.items} <= set(product_ids[:10])


def test_it_serves_without_a_learning_library(ranker):
    folder = Path(registry.settings.ARTEFACT_DIR) / ranker.artefact
    program = f"""
import sys
from pathlib import Path
import numpy as np
from scipy import sparse
from recommender.engine.artefacts import load
from recommender.engine.hybrid_serving import HybridScorer
served = HybridScorer.from_artefact(load(Path({str(folder)!r}), sha256={ranker.artefact_sha256!r}))
items, _ = served.recommend(sparse.csr_matrix(np.eye(2, len(served.products), dtype=np.float32)), 3, exclude_seen=True)
served.because(sparse.csr_matrix(np.eye(2, len(served.products), dtype=np.float32)), items)
print([name for name in {ABSENT} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_in_a_young_shop_the_others_compete_without_it(shop, at):
    notes, patient = Notes(), Hybrid(window_days=400.0)

    trained = train_recommenders(as_of=AS_OF, at=at, random_state=1, report=notes, competing=(*line_up(1)[:2], patient))

    assert [one.algorithm for one in trained.versions] == ["popularity", "personal_frequency"]
    assert "needs more history than there is" in " ".join(notes.told)
