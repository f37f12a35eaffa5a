"""A fitted recommender on disk: parameters as JSON, arrays as .npz, nothing that can run code."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np

from recommender.engine.base import Artefact
from recommender.engine.compression import restored

PARAMS_FILE = "params.json"
ARRAYS_FILE = "arrays.npz"


class ArtefactDamaged(Exception):
    """The folder is missing, incomplete, unreadable, or not what was registered."""


def save(artefact: Artefact, folder: Path) -> str:
    """Write an artefact into a new or existing folder.

    Parameters
    ----------
    artefact : Artefact
    folder : pathlib.Path
        Made where absent.

    Returns
    -------
    str
        SHA-256 over both files, 64 hexadecimal digits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = {"kind": artefact.kind, "params": artefact.params}
    (folder / PARAMS_FILE).write_text(json.dumps(described, sort_keys=True, allow_nan=False) + "\n")
    with (folder / ARRAYS_FILE).open("wb") as file:
        np.savez(file, allow_pickle=False, **artefact.arrays)
    return checksum(folder)


def load(folder: Path, *, sha256: str) -> Artefact:
    """Read an artefact after checking that it is the registered one; what was compressed is restored.

    Parameters
    ----------
    folder : pathlib.Path
    sha256 : str
        What ``save`` returned.

    Raises
    ------
    ArtefactDamaged
    """
    if checksum(folder) != sha256:
        raise ArtefactDamaged(f"the files in {folder.name} are not the ones that were registered")
    try:
        described = json.loads((folder / PARAMS_FILE).read_text())
        with np.load(folder / ARRAYS_FILE, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return restored(Artefact(described["kind"], described["params"], arrays))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ArtefactDamaged(f"the files in {folder.name} cannot be read: {error}") from error


def checksum(folder: Path) -> str:
    """SHA-256 over the parameter and the array file, in this order.

    Raises
    ------
    ArtefactDamaged
        When a file is missing.
    """
    digest = hashlib.sha256()
    for name in (PARAMS_FILE, ARRAYS_FILE):
        try:
            with (folder / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise ArtefactDamaged(f"{folder.name}/{name} cannot be opened") from error
    return digest.hexdigest()
