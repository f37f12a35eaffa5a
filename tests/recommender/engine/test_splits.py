from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recommender.engine.splits import SpanTooShort, temporal_split
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
