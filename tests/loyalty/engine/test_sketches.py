import numpy as np
import pyarrow as pa

from loyalty.engine.features import Feature, FeatureFrame
from loyalty.engine.sketches import missing_share, sketch


def frame(values, kind="number"):
    feature = Feature("x", "X", "x", "x", kind, "x", "")
    return FeatureFrame((feature,), pa.table({"customer_id": np.arange(len(values)), "x": values})), feature


def test_numbers_have_a_dozen_bars_and_their_ends():
    values = np.append(np.linspace(0, 100, 999), [np.nan])
    given = frame(values)
    found = sketch(*given)
    assert len(found["bars"]) == 12
    assert sum(found["bars"]) == np.float64(1.0) or abs(sum(found["bars"]) - 1) < 1e-9
    assert (round(found["low"]), round(found["median"]), round(found["high"])) == (1, 50, 99)
    assert missing_share(*given) == 0.001


def test_words_are_counted_and_shares_run_from_nothing_to_all():
    assert sketch(*frame(["a", "b", "a", ""], "category")) == {"bars": [2 / 3, 1 / 3], "words": ["a", "b"]}
    assert missing_share(*frame(["a", "b", "a", ""], "category")) == 0.25
    assert sketch(*frame([0.2, 0.2], "share"))["high"] == 1
    assert sketch(*frame([7.0, 7.0]))["bars"] == [1.0]
    assert sketch(*frame([np.nan]))["bars"] == []
