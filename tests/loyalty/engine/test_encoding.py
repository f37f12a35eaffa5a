import numpy as np
import pyarrow as pa
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from loyalty.engine.encoding import Encoding, Imputation, OneHot, Scaling
from loyalty.engine.features import Feature, FeatureFrame


def frame(numbers, words=None):
    columns = {f"x{i}": column for i, column in enumerate(np.array(numbers, float).T)}
    features = [Feature(name, name, "x", "x", "number", "x", "") for name in columns]
    if words is not None:
        columns["w"] = words
        features.append(Feature("w", "w", "word", "x", "category", "x", ""))
    return FeatureFrame(tuple(features), pa.table({"customer_id": np.arange(len(numbers)), **columns}))


@pytest.mark.parametrize(("name", "oracle"), [("standard", StandardScaler()), ("min_max", MinMaxScaler())])
def test_scaling_is_the_one_everybody_knows(name, oracle):
    rng = np.random.default_rng(1)
    training, later = rng.gamma(2, 9, (200, 3)), rng.gamma(2, 9, (50, 3))

    scaling = Scaling.fit(training, name)

    np.testing.assert_allclose(scaling.transform(later), oracle.fit(training).transform(later), rtol=1e-12)


def test_a_constant_column_becomes_zero():
    for name in ("standard", "min_max"):
        assert (Scaling.fit(np.full((5, 1), 0.1), name).transform(np.full((2, 1), 0.1)) == 0).all()


def test_gaps_are_filled_by_the_median_and_flagged():
    values = np.array([[1, 5], [np.nan, 6], [9, 7], [2, 8]], float)
    filled, flags = Imputation.fit(values).transform(values)
    assert filled.tolist() == [[1, 5], [2, 6], [9, 7], [2, 8]]
    assert flags.tolist() == [[0], [1], [0], [0]]


def test_words_never_seen_go_into_the_unknown_bucket():
    one = OneHot.fit(["b", "a", "a", ""])
    assert one.levels == ("a", "b")
    assert one.transform(["a", "new", "", "b"]).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0]]
    assert one.transform([]).shape == (0, 3)


def test_only_training_rows_are_learned_from():
    numbers, words = [[1.0], [3.0], [1e9]], ["a", "b", "leak"]
    training = np.array([True, True, False])

    encoding = Encoding.fit(frame(numbers, words), training)
    other = Encoding.fit(frame([*numbers[:2], [-5.0]], ["a", "b", "another"]), training)

    assert encoding == other
    assert encoding.names == ("x0", "w = a", "w = b", "w = unknown")
    assert encoding.transform(frame(numbers, words))[:2].tolist() == [[-1, 1, 0, 0], [1, 0, 1, 0]]


def test_json_brings_it_back_to_the_bit():
    rng = np.random.default_rng(3)
    numbers = rng.normal(size=(40, 4)) * 1e-7
    numbers[3, 2] = np.nan
    given = frame(numbers, [f"w{n % 5}" for n in range(40)])
    encoding = Encoding.fit(given, np.arange(40) < 30)

    again = Encoding.from_json(encoding.to_json())

    assert again == encoding
    assert again.transform(given).tobytes() == encoding.transform(given).tobytes()
    assert not np.isnan(again.transform(given)).any()
