import numpy as np

from segments.engine.preparing import Scaling
from segments.engine.projection import project
from tests.worlds import segment_world


def test_a_plane_is_shown_whole():
    rng = np.random.default_rng(1)
    plane = rng.normal(size=(200, 2)) @ np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]])

    shown = project(plane)

    assert shown.explained_shares.sum() > 0.9999
    distances = np.linalg.norm(shown.coordinates[0] - shown.coordinates[1])
    np.testing.assert_allclose(distances, np.linalg.norm(plane[0] - plane[1]))


def test_the_map_is_not_mirrored_by_reordering():
    values, _ = segment_world(np.random.default_rng(1))
    scaled = Scaling.learn(values).apply(values)

    shown, reversed_rows = project(scaled), project(scaled[::-1])

    np.testing.assert_allclose(shown.coordinates, reversed_rows.coordinates[::-1], atol=1e-8)


def test_axes_are_named_by_their_heaviest_features():
    rng = np.random.default_rng(1)
    scaled = rng.normal(size=(300, 3)) * [0.1, 5.0, 1.0]

    horizontal, vertical = project(scaled).axis_features(("a", "b", "c"), n=1)

    assert (horizontal, vertical) == (("b",), ("c",))
