from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recommender.engine.dataset import InteractionMatrix, purchase_log
from recommender.engine.splits import SpanTooShort, strong_generalisation, temporal_split
from tests.worlds import taste_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)


def counted(frame, since, until):
    moment = frame["occurred_at"]
    return frame.filter(pc.and_(pc.greater_equal(moment, since), pc.less(moment, until))).num_rows


def test_every_window_holds_its_own_span_only():
    frame = taste_world(np.random.default_rng(1))

    split = temporal_split(frame, until=UNTIL, window_days=14, min_customers=1)

    assert split.test_since == UNTIL - timedelta(days=14)
    assert split.validation_since == UNTIL - timedelta(days=28)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    assert split.train.matrix.sum() == counted(frame, start, split.validation_since)
    assert split.before_test.matrix.sum() == counted(frame, start, split.test_since)


def test_nothing_at_or_after_the_end_enters():
    frame = taste_world(np.random.default_rng(1))
    planted = pa.table(
        {
            "customer_id": pa.array([1000] * 50, pa.int64()),
            "product_id": pa.array([999_999] * 25 + [500] * 25, pa.int64()),
            "weight": pa.array([100.0] * 50, pa.float32()),
            "occurred_at": pa.array([UNTIL] * 50, pa.timestamp("us", tz="UTC")),
        }
    )

    clean = temporal_split(frame, until=UNTIL, min_customers=1)
    spoilt = temporal_split(pa.concat_tables([frame, planted]), until=UNTIL, min_customers=1)

    assert spoilt.before_test.fingerprint == clean.before_test.fingerprint
    assert (spoilt.test.answers != clean.test.answers).nnz == 0


def test_the_catalogue_is_decided_before_the_test_window():
    frame = taste_world(np.random.default_rng(1))

    split = temporal_split(frame, until=UNTIL, min_customers=30)

    assert (split.before_test.customers_per_product() >= 30).all()
    assert split.before_test.products == split.train.products


def test_first_purchases_leave_out_what_was_bought_before():
    split = temporal_split(taste_world(np.random.default_rng(1)), until=UNTIL, min_customers=1)

    first = split.test.first_purchases()

    assert 0 < first.answers.nnz < split.test.answers.nnz
    assert first.answers.multiply(first.history.weights > 0).nnz == 0
    assert (np.diff(first.answers.indptr) > 0).all()


def test_an_empty_window_is_named():
    frame = taste_world(np.random.default_rng(1))

    with pytest.raises(SpanTooShort, match="test window"):
        temporal_split(frame, until=UNTIL + timedelta(days=90), min_customers=1)


def dated_matrix():
    frame = taste_world(np.random.default_rng(1))
    bare = InteractionMatrix.from_frame(frame, until=UNTIL)
    return bare.described(log=purchase_log(frame, until=UNTIL, customers=bare.customers, products=bare.products))


def test_unseen_customers_are_in_no_history_that_is_learnt_from():
    data = dated_matrix()

    split = strong_generalisation(data, np.random.default_rng(3))

    tested, judged = data.customers.ids[split.test.customer_rows], data.customers.ids[split.validation.customer_rows]
    assert (len(tested), len(judged), len(split.train.customers)) == (12, 12, 96)
    assert set(split.before_test.customers.ids) == set(data.customers.ids) - set(tested)
    assert set(split.train.customers.ids) == set(data.customers.ids) - set(tested) - set(judged)


def test_what_is_shown_and_what_is_hidden_make_up_what_was_bought():
    data = dated_matrix()

    test = strong_generalisation(data, np.random.default_rng(3)).test

    whole = data.matrix[test.customer_rows]
    assert test.answers.multiply(test.history.weights).nnz == 0
    assert abs((whole > 0).astype(float) - (test.history.weights > 0) - test.answers).max() == 0
    np.testing.assert_array_equal(np.diff(test.answers.indptr), np.diff(whole.indptr) // 5)
    shown = test.history.log.matrix(len(data.products))
    assert abs(shown - test.history.weights).max() < 1e-4


def test_the_same_seed_hides_the_same_purchases():
    data = dated_matrix()

    one, same, other = (strong_generalisation(data, np.random.default_rng(seed)).test for seed in (3, 3, 4))

    assert (one.answers != same.answers).nnz == 0
    assert not np.array_equal(one.customer_rows, other.customer_rows)
