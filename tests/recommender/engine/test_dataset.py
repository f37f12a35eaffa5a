from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.dataset import FRAME_SCHEMA, FrameInvalid, InteractionMatrix
from recommender.engine.ids import IdMap


def frame(*rows):
    columns = list(zip(*rows, strict=True))
    return pa.table(dict(zip(FRAME_SCHEMA.names, columns, strict=True)), schema=FRAME_SCHEMA)


def day(number):
    return datetime(2024, 1, number, tzinfo=UTC)


def test_id_map_leads_there_and_back():
    ids = IdMap([30, 10, 30, 20])

    assert len(ids) == 3
    assert ids.rows_of([20, 10, 99, -5]).tolist() == [1, 0, -1, -1]
    assert ids.ids_of([[0, 2], [-1, 1]]).tolist() == [[10, 30], [-1, 20]]
    assert IdMap([]).rows_of([1]).tolist() == [-1]


def test_weights_of_a_pair_are_summed():
    data = InteractionMatrix.from_frame(frame((7, 3, 1.0, day(1)), (7, 3, 2.0, day(2)), (5, 4, 1.0, day(2))))

    assert data.matrix.dtype == np.float32
    assert data.matrix.toarray().tolist() == [[0.0, 1.0], [3.0, 0.0]]
    assert data.customers_per_product().tolist() == [1, 1]


def test_the_span_is_half_open():
    rows = frame(*[(1, number, 1.0, day(number)) for number in range(1, 6)])

    data = InteractionMatrix.from_frame(rows, since=day(2), until=day(4))

    assert data.products.ids.tolist() == [2, 3]


def test_given_maps_fix_the_shape_and_drop_strangers():
    rows = frame((1, 1, 1.0, day(1)), (9, 2, 1.0, day(1)))

    data = InteractionMatrix.from_frame(rows, customers=IdMap([1, 2]), products=IdMap([1, 2, 3]))

    assert data.matrix.toarray().tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_half_life_halves_a_weight():
    rows = frame((1, 1, 4.0, day(1)), (1, 2, 4.0, day(11)))

    data = InteractionMatrix.from_frame(rows, until=day(21), half_life_days=10)

    np.testing.assert_allclose(data.matrix.toarray(), [[1.0, 2.0]], rtol=1e-6)


def test_half_life_without_an_end_is_refused():
    with pytest.raises(ValueError, match="until"):
        InteractionMatrix.from_frame(frame((1, 1, 1.0, day(1))), half_life_days=10)


def test_fingerprint_follows_the_data_not_the_order():
    rows = frame((1, 1, 1.0, day(1)), (2, 2, 1.0, day(1)), (1, 2, 3.0, day(2)))
    same = rows.take([2, 0, 1])
    other = rows.set_column(2, "weight", pa.array([1, 1, 4], pa.float32()))

    prints = [InteractionMatrix.from_frame(one).fingerprint for one in (rows, same, other)]

    assert prints[0] == prints[1] != prints[2]
    assert len(prints[0]) == 64


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda rows: rows.drop_columns(["weight"]), "weight is missing"),
        (lambda rows: rows.set_column(0, "customer_id", pa.array(["a"])), "customer_id is string"),
        (lambda rows: rows.set_column(1, "product_id", pa.array([None], pa.int64())), "product_id has 1 empty"),
    ],
)
def test_a_wrong_frame_is_refused_by_column(spoil, sentence):
    with pytest.raises(FrameInvalid, match=sentence):
        InteractionMatrix.from_frame(spoil(frame((1, 1, 1.0, day(1)))))
