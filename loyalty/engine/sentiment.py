"""How a text sounds, from -1 (against) to 1 (for): by a list of words, or as learnt from a shop's own rated reviews.

Needs NumPy only, so that any process can read a review.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from loyalty.engine.sentiment_words import AGAINST, FOR, STRENGTHENING, TURNING

Floats = NDArray[np.float64]
WORD = re.compile(r"\w+(?:['’]\w+)?")
# A negation reaches over this many words: "not at all good".
REACH = 3
STRONGER = 1.5
# How many votes half fill the scale: one kind word alone is no ecstasy.
VOTES_FOR_HALF = 4.0
LONGEST_TEXT = 20_000


class ReaderDamaged(Exception):
    """The stored numbers are not those that were learnt."""


class Reader(Protocol):
    """What reads reviews: `version` goes with every score."""

    version: str

    def score(self, texts: Sequence[str]) -> Floats:
        """Scores (n,) between -1 and 1; 0 for a text that says nothing either way."""
        ...


def words_of(text: str) -> list[str]:
    return WORD.findall(text[:LONGEST_TEXT].lower().replace("’", "'"))


class WordReader:
    """Counts words for and against; a negation turns the next words round, a strong word counts half as much again.

    The idea, not the list, is that of Hutto and Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment
    Analysis of Social Media Text, ICWSM. The list is English: texts in other languages come out near 0.
    """

    version = "words-1"

    def score(self, texts: Sequence[str]) -> Floats:
        """Read texts.

        Parameters
        ----------
        texts : sequence of str, length n

        Returns
        -------
        (n,) float64 between -1 and 1
        """
        return np.array([self._one(words_of(text)) for text in texts], dtype=np.float64)

    def _one(self, words: Sequence[str]) -> float:
        votes = 0.0
        for place, word in enumerate(words):
            vote = (word in FOR) - (word in AGAINST)
            if vote:
                before = words[max(0, place - REACH) : place]
                turned = -1.0 if TURNING.intersection(before) else 1.0
                votes += vote * turned * (STRONGER if STRENGTHENING.intersection(before[-1:]) else 1.0)
        return votes / (abs(votes) + VOTES_FOR_HALF)


def hashed(texts: Sequence[str], n_features: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Words and pairs of words of each text as numbers, each once (Weinberger et al. 2009, feature hashing).

    CRC-32 and not Python's own hash, which differs from process to process.

    Returns
    -------
    indices : (n_entries,) int32, sorted within each text
    starts : (n + 1,) int64, where each text's entries begin
    """
    found = [_hashed_one(words_of(text), n_features) for text in texts]
    starts = np.r_[0, np.cumsum([len(one) for one in found])].astype(np.int64)
    return np.concatenate([np.empty(0, np.int32), *found]).astype(np.int32), starts


def _hashed_one(words: Sequence[str], n_features: int) -> NDArray[np.int32]:
    grams = {*words, *(f"{first} {second}" for first, second in pairwise(words))}
    return np.array(sorted({zlib.crc32(gram.encode()) % n_features for gram in grams}), dtype=np.int32)


class LearntReader:
    """A weight for each hashed word and pair of words, learnt by `sentiment_training`.

    Parameters
    ----------
    weights : (n_features,) float32
    intercept : float
    version : str
    """

    def __init__(self, *, weights: NDArray[np.float32], intercept: float, version: str) -> None:
        self.weights = weights
        self.intercept = intercept
        self.version = version

    def score(self, texts: Sequence[str]) -> Floats:
        """Twice the chance that a text is for the product, less one. Shapes as for `WordReader.score`."""
        indices, starts = hashed(texts, len(self.weights))
        sizes = np.diff(starts)
        sums = np.add.reduceat(np.r_[self.weights[indices].astype(np.float64), 0.0], starts[:-1])
        margin = np.where(sizes > 0, sums / np.sqrt(np.maximum(sizes, 1)), 0.0) + self.intercept
        return np.where(sizes > 0, np.tanh(margin / 2), 0.0)

    def to_artefact(self) -> tuple[dict[str, Any], bytes]:
        """Parameters for JSON, and the arrays as the content of an .npz file."""
        file = io.BytesIO()
        np.savez_compressed(file, weights=self.weights)
        return {"intercept": self.intercept, "version": self.version}, file.getvalue()

    @classmethod
    def from_artefact(cls, params: dict[str, Any], arrays: bytes, sha256: str) -> LearntReader:
        """Raises ReaderDamaged when the arrays are not those that were stored."""
        if checksum(arrays) != sha256:
            raise ReaderDamaged("the numbers of this reader are not the ones that were learnt")
        try:
            with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
                return cls(weights=stored["weights"], intercept=params["intercept"], version=params["version"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ReaderDamaged("the numbers of this reader cannot be read") from error


def checksum(arrays: bytes) -> str:
    return hashlib.sha256(arrays).hexdigest()
