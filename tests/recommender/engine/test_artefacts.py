import json

import numpy as np
import pytest

from recommender.engine.artefacts import ArtefactDamaged, checksum, load, save
from recommender.engine.base import Artefact

ARTEFACT = Artefact("popularity", {"a": 1, "b": [2, 3]}, {"x": np.arange(4, dtype=np.float32)})


def test_what_was_saved_comes_back(tmp_path):
    sha256 = save(ARTEFACT, tmp_path / "one")

    loaded = load(tmp_path / "one", sha256=sha256)

    assert (loaded.kind, loaded.params) == (ARTEFACT.kind, ARTEFACT.params)
    np.testing.assert_array_equal(loaded.arrays["x"], ARTEFACT.arrays["x"])


def test_saving_twice_gives_the_same_checksum(tmp_path):
    assert save(ARTEFACT, tmp_path / "one") == save(ARTEFACT, tmp_path / "two")


def test_a_changed_file_is_refused(tmp_path):
    sha256 = save(ARTEFACT, tmp_path / "one")
    (tmp_path / "one" / "params.json").write_text(json.dumps({"kind": "popularity", "params": {"a": 2}}))

    with pytest.raises(ArtefactDamaged, match="not the ones"):
        load(tmp_path / "one", sha256=sha256)


def test_a_missing_file_is_refused(tmp_path):
    sha256 = save(ARTEFACT, tmp_path / "one")
    (tmp_path / "one" / "arrays.npz").unlink()

    with pytest.raises(ArtefactDamaged, match=r"arrays\.npz"):
        load(tmp_path / "one", sha256=sha256)


def test_objects_that_could_run_code_are_neither_written_nor_read(tmp_path):
    unsafe = Artefact("popularity", {}, {"x": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(ValueError, match="pickle"):
        save(unsafe, tmp_path / "one")

    save(ARTEFACT, tmp_path / "two")
    np.savez(tmp_path / "two" / "arrays.npz", **unsafe.arrays)  # NumPy writes objects as pickles unless told not to
    with pytest.raises(ArtefactDamaged, match="cannot be read"):
        load(tmp_path / "two", sha256=checksum(tmp_path / "two"))
