"""Arrays as bytes and back: `.npz`, never anything that runs code when it is read."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


class ArraysDamaged(Exception):
    """The bytes are not arrays."""


def packed(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Arrays by name, compressed."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays, allow_pickle=False)
    return file.getvalue()


def unpacked(told: bytes | memoryview) -> dict[str, NDArray[np.generic]]:
    """What `packed` took.

    Raises
    ------
    ArraysDamaged
        When the bytes are something else.
    """
    try:
        with np.load(io.BytesIO(bytes(told)), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise ArraysDamaged(
            "What this segmentation learnt cannot be read any more: look for segments again."
        ) from error
