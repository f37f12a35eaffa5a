"""Facts as columns: the same column for what was seen and what is new."""

import json

import numpy as np

from recommender.engine.attributes import Attributes
from recommender.engine.encoding import Encoding, crossed, with_pairs

FACTS = Attributes(
    4,
    {"brand": np.array(["a", "a", "b", ""]), "shelf": np.array(["x", "y", "x", "y"])},
    {"price": np.array([1.0, 2.0, 9.0, np.nan], dtype=np.float32)},
    np.array(["Green tea", "green TEA, loose", "Coffee", ""]),
)
NEW = Attributes(2, {"brand": np.array(["a", "unheard of"])}, {}, np.array(["tea for two", "gin"]))


def test_a_known_value_has_its_column_and_an_unknown_one_none():
    encoding = Encoding.of(FACTS, min_rows=1)

    assert encoding.values["brand"] == ("a", "b")
    assert encoding.codes(FACTS, "brand").tolist() == [0, 0, 1, -1]
    assert encoding.codes(NEW, "brand").tolist() == [0, -1]
    assert encoding.codes(NEW, "shelf").tolist() == [-1, -1]


def test_numbers_fall_into_bands_and_unknown_ones_into_none():
    codes = Encoding.of(FACTS, min_rows=1).codes(FACTS, "price")

    assert codes[0] < codes[1] < codes[2]
    assert codes[3] == -1


def test_words_are_columns_when_two_rows_have_them():
    encoding = Encoding.of(FACTS, min_rows=2)
    words = encoding.matrix(FACTS)[:, -len(encoding.words) :].toarray()

    assert encoding.words == ("green", "tea")
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), [1, 1, 0, 0], atol=1e-6)
    assert encoding.matrix(NEW)[0, -1] == 1.0


def test_pairs_of_labels_are_labels_where_they_tell_more_apart():
    nested = Attributes(4, {"maker": np.array(["m", "m", "n", "n"]), "line": np.array(["m1", "m2", "n1", "n2"])})

    assert "brand × shelf" in crossed(FACTS).labels
    assert crossed(FACTS).labels["brand × shelf"].tolist() == ["a × x", "a × y", "b × x", ""]
    assert set(crossed(nested).labels) == {"maker", "line"}


def test_pairs_of_new_rows_are_made_as_those_of_the_old():
    encoding = Encoding.of(crossed(FACTS), min_rows=1)

    again = with_pairs(FACTS.rows(np.array([1])), encoding.kinds)

    assert encoding.codes(again, "brand × shelf").tolist() == [encoding.values["brand × shelf"].index("a × y")]


def test_an_encoding_survives_json():
    encoding = Encoding.of(crossed(FACTS), min_rows=1)

    assert Encoding.from_params(json.loads(json.dumps(encoding.to_params()))) == encoding
