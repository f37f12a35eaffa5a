import numpy as np
import pytest

from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.history import PurchaseLog
from recommender.engine.neighbours import learn_neighbours, open_neighbours, repeat_rate, save_neighbours


def log_of(*customers):
    """Per customer a list of (product row, age in days)."""
    lines = [sorted(one, key=lambda line: -line[1]) for one in customers]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in lines])])
    flat = [line for one in lines for line in one]
    return PurchaseLog(
        starts,
        np.array([product for product, _ in flat], dtype=np.int32),
        np.array([age for _, age in flat], dtype=np.float32),
        np.ones(len(flat), dtype=np.float32),
    )


@pytest.fixture
def planted():
    """Even customers buy from the even products, odd ones from the odd."""
    rng = np.random.default_rng(3)
    return log_of(*[[(2 * int(p) + c % 2, 10.0) for p in rng.choice(6, 4, replace=False)] for c in range(60)])


def test_neighbours_are_of_the_planted_kind(planted):
    found = learn_neighbours(planted, np.arange(100, 112), k=5)

    for row in range(12):
        others = found.neighbours[row][found.neighbours[row] >= 0]
        assert len(others) == 5
        assert set((others - row) % 2) == {0}
        assert row not in others
    assert (np.diff(found.similarity.astype(float), axis=1) <= 0).all()
    assert found.buyers_share.max() <= 0.5


def test_products_that_nobody_bought_together_are_no_neighbours():
    found = learn_neighbours(log_of([(0, 5.0)], [(1, 5.0)]), np.array([7, 8]), k=3)

    assert (found.neighbours == -1).all()
    assert found.most_bought(5).tolist() == [7, 8]


def test_what_is_bought_once_is_told_from_what_is_bought_again():
    milk, sofa = 0, 1
    customers = [[(milk, 100.0), (milk, 50.0), (sofa, 100.0)] for _ in range(40)]

    rate = repeat_rate(log_of(*customers), 2)

    assert rate[milk] > 0.85
    assert rate[sofa] < 0.15


def test_two_lines_of_one_day_are_no_second_time():
    rate = repeat_rate(log_of(*[[(0, 100.0), (0, 100.0)] for _ in range(40)]), 1)

    assert rate[0] == 0.0


def test_while_nobody_can_tell_everything_may_be_bought_again():
    assert repeat_rate(log_of([(0, 10.0)], [(0, 3.0)]), 1).tolist() == [1.0]
    assert repeat_rate(log_of([]), 2).tolist() == [1.0, 1.0]


def test_tables_are_mapped_and_not_read(planted, tmp_path):
    learnt = learn_neighbours(planted, np.arange(100, 112), k=5)
    sha256 = save_neighbours(learnt, tmp_path / "tables")

    opened = open_neighbours(tmp_path / "tables", sha256=sha256)

    assert isinstance(opened.neighbours, np.memmap)
    assert np.array_equal(opened.neighbours, learnt.neighbours)
    assert opened.rows_of(np.array([111, 5])).tolist() == [11, -1]


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"x"), lambda path: path.unlink()])
def test_damaged_tables_are_not_opened(planted, tmp_path, harm):
    sha256 = save_neighbours(learn_neighbours(planted, np.arange(12), k=5), tmp_path)
    harm(tmp_path / "similarity.npy")

    with pytest.raises(ArtefactDamaged):
        open_neighbours(tmp_path, sha256=sha256)
