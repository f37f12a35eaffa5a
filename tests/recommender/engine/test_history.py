from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.attributes import Attributes
from recommender.engine.dataset import FRAME_SCHEMA, InteractionMatrix, TimesUnknown, purchase_log
from recommender.engine.history import CustomerHistory
from recommender.engine.ids import IdMap

UNTIL = datetime(2024, 3, 1, tzinfo=UTC)


def known(rows):
    """Interactions of (customer, product, days before UNTIL), with their log."""
    customers, products, ages = zip(*rows, strict=True)
    moments = [UNTIL - timedelta(days=age) for age in ages]
    weights = np.ones(len(rows), dtype=np.float32)
    frame = pa.table([list(customers), list(products), weights, moments], schema=FRAME_SCHEMA)
    data = InteractionMatrix.from_frame(frame, until=UNTIL, half_life_days=10)
    return data.described(
        log=purchase_log(frame, until=UNTIL, customers=data.customers, products=data.products),
        traits=Attributes.from_frame(pa.table({"customer_id": [2], "age": ["19-24"]}), "customer_id", data.customers),
    )


@pytest.fixture
def data():
    return known([(1, 7, 20), (2, 8, 5), (1, 8, 5), (1, 7, 5), (1, 9, 40)])


def test_log_holds_every_customers_purchases_oldest_first(data):
    assert data.log.starts.tolist() == [0, 4, 5]
    assert data.products.ids[data.log.product_rows].tolist() == [9, 7, 7, 8, 8]
    assert data.log.age_days.tolist() == [40, 20, 5, 5, 5]


def test_log_adds_up_to_the_matrix(data):
    np.testing.assert_allclose(data.log.matrix(3, half_life_days=10).toarray(), data.matrix.toarray(), rtol=1e-5)


def test_earlier_is_what_was_known_then(data):
    then = data.earlier(10)

    again = known([(1, 7, 10), (1, 9, 30)])
    np.testing.assert_allclose(then.matrix.toarray()[0, [0, 2]], again.matrix.toarray()[0], rtol=1e-5)
    assert then.matrix.toarray()[1].sum() == 0
    assert then.log.age_days.tolist() == [30, 10]
    assert then.customers == data.customers


def test_earlier_needs_times(data):
    with pytest.raises(TimesUnknown):
        InteractionMatrix(data.matrix, data.customers, data.products).earlier(10)


def test_picking_customers_keeps_everything_known_of_them(data):
    picked = data.history[np.array([1, 0])]

    assert picked.log.starts.tolist() == [0, 1, 5]
    assert picked.traits.labels["age"].tolist() == ["19-24", ""]
    np.testing.assert_array_equal(picked.weights.toarray(), data.matrix.toarray()[[1, 0]])


def test_without_forgets_one_product_everywhere(data):
    less = data.history.without(np.array([0, -1]))

    assert less.weights.toarray()[0, 0] == 0
    assert data.products.ids[less.log.product_rows].tolist() == [9, 8, 8]
    np.testing.assert_array_equal(less.weights.toarray()[1], data.matrix.toarray()[1])


def test_a_bare_matrix_has_one_purchase_a_product(data):
    log = CustomerHistory(data.matrix).dated()

    assert log.starts.tolist() == [0, 3, 4]
    assert set(log.age_days.tolist()) == {1.0}


def test_attributes_are_empty_where_a_key_is_unknown():
    frame = pa.table({"product_id": [3, 99], "brand": ["Own", "Other"], "price": [2.5, 1.0], "text": ["Red tea", "x"]})

    facts = Attributes.from_frame(frame, "product_id", IdMap([2, 3]))

    assert facts.labels["brand"].tolist() == ["", "Own"]
    assert facts.texts.tolist() == ["", "Red tea"]
    assert np.isnan(facts.numbers["price"][0])
    assert facts.numbers["price"][1] == 2.5
