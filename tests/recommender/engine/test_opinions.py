"""What customers say is heard: worst-rated kinds are not offered, praise counts, and silence changes no bit."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.autoencoder import Autoencoder
from recommender.engine.dataset import FRAME_SCHEMA, InteractionMatrix, purchase_log
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.item_knn import ItemKnn
from recommender.engine.splits import temporal_split

UNTIL = datetime(2024, 6, 1, tzinfo=UTC)
N_CUSTOMERS, N_KIND = 60, 12
LEARNERS = (
    PersonalFrequency(),
    ItemKnn(),
    Ease(),
    Autoencoder(hidden_sizes=(16,), max_epochs=30, batch_size=16, random_state=1),
)


def frame(rows):
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    return pa.table(dict(zip(FRAME_SCHEMA.names, columns, strict=True)), schema=FRAME_SCHEMA)


@pytest.fixture(scope="module")
def purchases():
    """Everybody buys of both kinds of product: keys below 12, and from 100 on."""
    rng = np.random.default_rng(4)
    rows = []
    for customer in range(N_CUSTOMERS):
        for visit in range(10):
            at = UNTIL - timedelta(days=10 + 12 * visit)
            for first in (0, 100):
                rows += [(customer, first + int(one), 1.0, at) for one in rng.choice(N_KIND, 2, replace=False)]
    return frame(rows)


@pytest.fixture(scope="module")
def ratings(purchases):
    """Every other customer gives the worst rating to all they have of the second kind."""
    bought = set(zip(purchases["customer_id"].to_pylist(), purchases["product_id"].to_pylist(), strict=True))
    said = UNTIL - timedelta(days=5)
    return frame([(one, product, -1.0, said) for one, product in sorted(bought) if product >= 100 and one % 2])


def data_of(purchases, ratings=None, until=UNTIL):
    bare = InteractionMatrix.from_frame(purchases, until=until, half_life_days=60.0)
    about = {"until": until, "customers": bare.customers, "products": bare.products}
    said = None if ratings is None else purchase_log(ratings, **about)
    return bare.described(log=purchase_log(purchases, **about), ratings=said).heard()


@pytest.mark.parametrize("learner", LEARNERS, ids=[one.kind for one in LEARNERS])
def test_who_rates_a_kind_worst_is_not_offered_it_and_else_they_would_be(purchases, ratings, learner):
    heard, unheard = (_second_kind_share(learner, data_of(purchases, said)) for said in (ratings, None))

    assert heard < 0.02
    assert unheard > 0.25


def _second_kind_share(learner, data):
    """Of what the customers are offered who would rate it worst."""
    items, _ = learner.fit(data).recommend(data.history, 6, exclude_seen=False)
    return (data.products.ids[items] >= 100)[1::2].mean()


@pytest.mark.parametrize("learner", LEARNERS, ids=[one.kind for one in LEARNERS])
def test_without_ratings_the_same_is_learnt_to_the_bit(purchases, learner):
    plain, asked = data_of(purchases), data_of(purchases, frame([]))

    one, other = (learner.fit(data).to_artefact() for data in (plain, asked))

    assert plain.fingerprint == asked.fingerprint
    assert one.params == other.params
    assert all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
    # A window without a single rating is the window itself.
    split = temporal_split(purchases, until=UNTIL, min_customers=1)
    assert split.heard(frame([])).before_test.fingerprint == split.before_test.fingerprint


def test_half_an_opinion_takes_half_and_praise_counts_as_a_purchase(purchases):
    plain = data_of(purchases)
    mine = plain.matrix[0].indices
    unbought = np.setdiff1d(np.arange(len(plain.products)), mine)[:1]
    said = UNTIL - timedelta(days=1)
    keys = plain.products.ids[[mine[0], mine[1], *unbought]].tolist()
    heard = data_of(purchases, frame(list(zip([0] * 3, keys, [-0.5, 0.5, 0.8][: len(keys)], [said] * 3, strict=False))))

    before, after = plain.matrix[0].toarray().ravel(), heard.matrix[0].toarray().ravel()

    np.testing.assert_allclose(after[mine[0]], 0.5 * before[mine[0]], rtol=1e-5)
    np.testing.assert_allclose(after[mine[1]], 1.5 * before[mine[1]], rtol=1e-5)
    if len(unbought):
        np.testing.assert_allclose(after[unbought[0]], 0.8 * 2 ** (-1 / 60), rtol=1e-4)


def test_an_opinion_before_a_later_purchase_is_passed(purchases):
    first = (purchases["customer_id"][0].as_py(), purchases["product_id"][0].as_py())
    early = frame([(*first, -1.0, UNTIL - timedelta(days=400))])

    assert data_of(purchases, early).fingerprint == data_of(purchases).fingerprint


def test_going_back_in_time_forgets_what_was_said_later(purchases, ratings):
    heard = data_of(purchases, ratings)

    assert heard.earlier(6).fingerprint == data_of(purchases).earlier(6).fingerprint
    assert heard.earlier(3).fingerprint != data_of(purchases).earlier(3).fingerprint
