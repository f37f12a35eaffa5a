import numpy as np
import pytest

from recommender.engine.artefacts import load, save
from recommender.engine.autoencoder import Autoencoder
from recommender.engine.autoencoder_serving import AutoencoderScorer
from recommender.engine.base import Artefact
from recommender.engine.compression import LossTooHigh, compressed, ndcg_judge, restored
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.ids import IdMap
from recommender.engine.splits import strong_generalisation
from tests.worlds import factor_world


@pytest.fixture(scope="module")
def split():
    world = factor_world(np.random.default_rng(5))
    data = InteractionMatrix(world, IdMap(np.arange(400)), IdMap(np.arange(200)))
    return strong_generalisation(data, np.random.default_rng(6))


@pytest.fixture(scope="module")
def artefact(split):
    return Autoencoder(hidden_sizes=(16, 16), max_epochs=5).fit(split.before_test).to_artefact()


def judge_of(split):
    return ndcg_judge(AutoencoderScorer, split.validation, k=20)


@pytest.mark.parametrize(("how", "share"), [("float16", 0.5), ("int8", 0.3), ("pruned", 0.4)])
def test_what_is_compressed_is_smaller_and_opens_as_any_other(artefact, split, tmp_path, how, share):
    small = compressed(artefact, how, tolerance=0.5, judge=judge_of(split), rng=np.random.default_rng(1))

    opened = load(tmp_path / "one", sha256=save(small.artefact, tmp_path / "one"))
    served = AutoencoderScorer.from_artefact(opened)

    floats = sum(array.nbytes for array in artefact.arrays.values() if array.dtype == np.float32)
    assert small.bytes_before - small.bytes_after > 0.9 * (1 - share) * floats
    assert small.loss.low <= small.loss.mid <= small.loss.high
    assert served.score(split.test.history).shape == split.test.history.shape
    for name, array in artefact.arrays.items():
        assert (opened.arrays[name].dtype, opened.arrays[name].shape) == (array.dtype, array.shape)


@pytest.mark.parametrize(("how", "error"), [("float16", 1e-3), ("int8", 1 / 127)])
def test_numbers_of_fewer_bits_are_off_by_no_more_than_their_step(artefact, split, how, error):
    small = compressed(artefact, how, tolerance=0.5, judge=judge_of(split), rng=np.random.default_rng(1))

    exact, rough = artefact.arrays["weights_0"], restored(small.artefact).arrays["weights_0"]

    assert (np.abs(exact - rough) <= error * np.abs(exact).max(axis=0)).all()


def test_pruning_keeps_the_largest_weights_as_they_are(artefact, split):
    small = compressed(artefact, "pruned", tolerance=0.5, judge=judge_of(split), rng=np.random.default_rng(1))

    exact, rough = artefact.arrays["weights_0"], restored(small.artefact).arrays["weights_0"]

    assert (rough != 0).mean() == pytest.approx(0.3, abs=0.01)
    assert (rough[rough != 0] == exact[rough != 0]).all()
    assert np.abs(exact[rough == 0]).max() <= np.abs(rough[rough != 0]).min()


def test_a_loss_above_the_tolerance_is_refused():
    # 1.1 and 1.0 are one step of an int8 that reaches to 100, so who was first among the others is lost.
    fine = np.ones(300, dtype=np.float32)
    fine[0], fine[290] = 100.0, 1.1

    def judge(artefact):
        place = np.argsort(-artefact.arrays["scores"][1:], kind="stable").tolist().index(289)
        return np.full(40, 1 / (1 + place))

    with pytest.raises(LossTooHigh, match=r"int8 .* is tolerated"):
        compressed(
            Artefact("fine", {}, {"scores": fine}), "int8", tolerance=0.01, judge=judge, rng=np.random.default_rng(1)
        )
    kept = compressed(
        Artefact("fine", {}, {"scores": fine}), "float16", tolerance=0.01, judge=judge, rng=np.random.default_rng(1)
    )
    assert kept.loss.mid == 0


def test_what_was_never_compressed_passes_as_it_is(artefact):
    assert all(restored(artefact).arrays[name] is array for name, array in artefact.arrays.items())
