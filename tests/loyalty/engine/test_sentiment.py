"""A world in which it is known how each review was meant."""

from functools import cache

import numpy as np
import pytest

from loyalty.engine.sentiment import LearntReader, ReaderDamaged, WordReader, checksum
from loyalty.engine.sentiment_training import TooFewReviews, best_reader, learn

GOOD, BAD = ("blorf", "zindy", "quaffle"), ("grumpf", "snarble", "wexit")
PLAIN = ("the", "dress", "came", "on", "monday", "and", "was", "blue")


def world(n=900, n_products=30, seed=7, *, means=True):
    """Reviews in words of no language, four of five in favour; with `means` off the words tell nothing."""
    rng = np.random.default_rng(seed)
    rating = np.where(rng.random(n) < 0.8, 1.0, -1.0)
    told = rating if means else rng.permutation(rating)
    texts = [" ".join([*rng.choice(PLAIN, 6), *rng.choice(GOOD if one > 0 else BAD, 2)]) for one in told]
    return texts, rating, rng.integers(0, n_products, n)


@cache
def learnt(**more):
    texts, rating, products = world(**more)
    return learn(texts, rating, products, version="learnt-1", rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I love this, great quality", 1),
        ("Terrible. Broken and ugly", -1),
        ("not good at all", -1),
        ("It is not bad", 1),
        ("The dress came on Monday", 0),
        ("", 0),
    ],
)
def test_words_for_and_against_are_counted_and_turned_round(text, sign):
    assert np.sign(WordReader().score([text])[0]) == sign


def test_more_words_say_it_louder_and_none_leaves_the_scale():
    few, strong, many = WordReader().score(["good", "very good", "good " * 5000])
    assert 0 < few < strong < many <= 1


def test_what_the_shop_s_own_words_mean_is_learnt_and_serves():
    result = learnt()
    assert result.is_better
    assert best_reader(result) is result.reader
    assert result.auc_learnt.low > 0.98
    scores = result.reader.score(["blorf zindy", "grumpf wexit", ""])
    assert scores[0] > 0.3
    assert scores[1] < -0.3
    assert scores[2] == 0


def test_where_there_is_nothing_to_learn_the_words_serve():
    result = learnt(means=False)
    assert not result.is_better
    assert best_reader(result).version == "words-1"


def test_a_second_time_gives_the_same():
    again = learnt.__wrapped__()
    assert np.array_equal(again.reader.weights, learnt().reader.weights)
    assert again.gain == learnt().gain


def test_one_by_one_is_as_all_at_once():
    reader, texts = learnt().reader, [*world()[0][:20], "", "blorf"]
    assert np.allclose(reader.score(texts), [reader.score([text])[0] for text in texts])
    assert reader.score([]).shape == (0,)


def test_a_reader_comes_back_as_it_was_stored_or_not_at_all():
    reader = learnt().reader
    params, arrays = reader.to_artefact()
    again = LearntReader.from_artefact(params, arrays, checksum(arrays))
    assert np.array_equal(again.score(["blorf"]), reader.score(["blorf"]))
    with pytest.raises(ReaderDamaged):
        LearntReader.from_artefact(params, arrays[:-1], checksum(arrays))
    with pytest.raises(ReaderDamaged):
        LearntReader.from_artefact(params, b"x", checksum(b"x"))


@pytest.mark.parametrize("few", [{"n": 499}, {"n_products": 9}])
def test_too_few_reviews_are_told(few):
    with pytest.raises(TooFewReviews, match="are needed to learn"):
        learnt(**few)
