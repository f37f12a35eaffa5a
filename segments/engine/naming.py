"""Names of segments in plain words. Who is told to spend much does not spend less than who is not told to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Slot = Literal["adjective", "noun", "suffix"]

# Closer to the average than this (in standard deviations) nothing is worth a word in a name.
NAMEABLE_Z = 0.4
WORDS_IN_NAME = 2
# A second word may say less: "customers seen lately" who buy little are not the best ones, who were seen lately, too.
SECOND_Z = 0.15
# Nearer to each other than this, neither of two segments is the one with most.
ALIKE_Z = 0.1
# Behind the one with most by this much, a word is too big: "big spenders" who spend a third of what the biggest do.
FAR_BEHIND_Z = 0.75
# A name has this much room; what is said least clearly goes first.
LONGEST = 100


@dataclass(frozen=True)
class FeatureWords:
    """How to speak of a feature.

    Attributes
    ----------
    name : str
        The column.
    label : str
        What people read on an axis or in a table.
    slot : {"adjective", "noun", "suffix"}
        Where its words go in a name: "*frequent* big spenders *with full baskets*".
    high, low : str
        Words for customers far above or below the average.
    unit : str
        Of the raw value: "days", "orders", "money", "share".
    highest, lowest : str
        Words for the segment furthest out, where several deserve the word; those for far out serve where empty.
    rather_high, rather_low : str
        Words for segments a good deal nearer to the average than the furthest; those for far out serve where empty.
    """

    name: str
    label: str
    slot: Slot
    high: str
    low: str
    unit: str
    highest: str = ""
    lowest: str = ""
    rather_high: str = ""
    rather_low: str = ""


@dataclass(frozen=True)
class _Word:
    """That a segment has much (1) or little (-1) of a feature, by its column."""

    feature: int
    side: int


def names_of(means_z: Sequence[Matrix], effects: Sequence[Matrix], words: tuple[FeatureWords, ...]) -> list[str]:
    """A name for each segment; all differ.

    Each is named by what sets it apart most. Where a word is given, every segment that is further out on that side has
    it too, and the one furthest out has the strongest: so whoever is not told to spend much spends less than those who
    are.

    Parameters
    ----------
    means_z : sequence of ndarray of float64, shape (n_features,)
        Of every segment, in standard deviations from the average customer.
    effects : sequence of ndarray of float64, shape (n_features,)
        Of every segment, how far its mean is from that of the others.
    words : tuple of FeatureWords
    """
    z, n_words = np.array(means_z), [WORDS_IN_NAME] * len(means_z)
    names = []
    for _ in words:
        names = _told(_deserved(z, effects, n_words), z, words)
        times = Counter(names)
        if len(times) == len(names):
            return names
        n_words = [n + (times[name] > 1) for n, name in zip(n_words, names, strict=True)]
    return _numbered(names)


def _deserved(z: Matrix, effects: Sequence[Matrix], n_words: Sequence[int]) -> list[list[_Word]]:
    """The words of every segment: its own strongest, and those that somebody less far out has."""
    own = [_strongest(z[one], effects[one], n) for one, n in enumerate(n_words)]
    given = [list(some) for some in own]
    for one, some in enumerate(own):
        for word in some:
            for other in range(len(own)):
                further = word.side * (z[other, word.feature] - z[one, word.feature]) > 0
                if further and word not in given[other]:
                    given[other].append(word)
    return given


def _strongest(z: Matrix, effects: Matrix, n: int) -> list[_Word]:
    strongest = [int(i) for i in np.argsort(-np.abs(effects), kind="stable")]
    first = [i for i in strongest if abs(z[i]) >= NAMEABLE_Z][:n]
    if 0 < len(first) < n:
        first += [i for i in strongest if i not in first and abs(z[i]) >= SECOND_Z][: n - len(first)]
    return [_Word(i, 1 if z[i] > 0 else -1) for i in first]


def _told(given: list[list[_Word]], z: Matrix, words: tuple[FeatureWords, ...]) -> list[str]:
    who_has: dict[_Word, list[int]] = defaultdict(list)
    for one, some in enumerate(given):
        for word in some:
            who_has[word].append(one)
    names = []
    for one, some in enumerate(given):
        # What there is much of comes first: it says more than what is missing.
        kept = sorted(some, key=lambda word: word.side < 0)
        phrases = {word: _phrase(word, one, who_has[word], z, words[word.feature]) for word in kept}
        while len(name := _sentence(kept, phrases, words)) > LONGEST:
            kept.remove(min(kept, key=lambda word: abs(z[one, word.feature])))
        names.append(name)
    return names


def _furthest(word: _Word, segments: list[int], z: Matrix) -> int | None:
    """The segment furthest out of those that have a word, if there are others and it is ahead of them."""
    if len(segments) < 2:
        return None
    first, second = sorted(segments, key=lambda one: -word.side * z[one, word.feature])[:2]
    is_ahead = word.side * (z[first, word.feature] - z[second, word.feature]) >= ALIKE_Z
    return first if is_ahead else None


def _phrase(word: _Word, one: int, segments: list[int], z: Matrix, words: FeatureWords) -> str:
    """How strongly a segment is told to have what `segments` have."""
    far, furthest, rather = (
        (words.high, words.highest, words.rather_high) if word.side > 0 else (words.low, words.lowest, words.rather_low)
    )
    out = word.side * z[:, word.feature]
    if furthest and _furthest(word, segments, z) == one:
        return furthest
    is_little = out[one] < NAMEABLE_Z or out[segments].max() - out[one] >= FAR_BEHIND_Z
    return rather if rather and is_little else far


def _sentence(kept: list[_Word], phrases: dict[_Word, str], words: tuple[FeatureWords, ...]) -> str:
    if not kept:
        return "Typical customers"
    by_slot: dict[Slot, list[str]] = {"adjective": [], "noun": [], "suffix": []}
    for word in kept:
        by_slot[words[word.feature].slot].append(phrases[word])
    people = " and ".join(by_slot["noun"]) or "customers"
    parts = [", ".join(by_slot["adjective"]), people, _joined(by_slot["suffix"])]
    sentence = " ".join(part for part in parts if part)
    return sentence[0].upper() + sentence[1:]


def _joined(suffixes: list[str]) -> str:
    return ", ".join(suffixes[:-1]) + " and " + suffixes[-1] if len(suffixes) > 1 else "".join(suffixes)


def _numbered(names: list[str]) -> list[str]:
    times, seen = Counter(names), Counter[str]()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name}, group {seen[name]}" if times[name] > 1 else name)
    return numbered
