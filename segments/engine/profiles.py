"""What sets a segment apart, in numbers and in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from segments.engine.naming import FeatureWords, names_of

Matrix = NDArray[np.float64]
WORDS_IN_DESCRIPTION = 2
# Of all differences between all segments together: looking at many, one of them would seem real by chance.
CONFIDENCE = 0.95
ROUNDING = 1e-9
# Sides that are each alike within are as far apart as this share of the deviation of all lets them be.
LEAST_SPREAD = 0.05


@dataclass(frozen=True)
class Distinction:
    """A feature in which a segment differs from all other customers.

    Attributes
    ----------
    feature, label, phrase : str
    effect_size : float
        Difference of the means in pooled standard deviations (Cohen's d) of the scaled feature.
    low, high : float
        Its 95 % interval, wide enough for all features of all segments together (Bonferroni).
    """

    feature: str
    label: str
    phrase: str
    effect_size: float
    low: float
    high: float


@dataclass(frozen=True)
class SegmentProfile:
    """One segment, described.

    Attributes
    ----------
    number : int
        Its label in the clustering.
    name, description : str
    n_customers : int
    share : float
        Share (0–1) of all customers.
    usual, usual_of_all : ndarray of float64, shape (n_features,)
        In raw units, of the segment and of everybody: the middle customer's, of shares the mean. A few who spend a
        hundred times as much do not move it.
    means_z : ndarray of float64, shape (n_features,)
        In standard deviations from the average customer.
    distinctions : tuple of Distinction
        One a feature, the one that sets it apart most first.
    """

    number: int
    name: str
    description: str
    n_customers: int
    share: float
    usual: Matrix
    usual_of_all: Matrix
    means_z: Matrix
    distinctions: tuple[Distinction, ...]


def profile(
    values: Matrix, scaled: Matrix, labels: NDArray[np.int64], words: tuple[FeatureWords, ...]
) -> tuple[SegmentProfile, ...]:
    """Describe every segment; names differ.

    Parameters
    ----------
    values, scaled : ndarray of float64, shape (n, n_features)
        Raw and scaled features.
    labels : ndarray of int64, shape (n,)
        0 to k-1, none empty, k at least 2; -1 for customers in no segment, who count among the others.
    words : tuple of FeatureWords
        One a feature, in the order of the columns.

    Returns
    -------
    tuple of SegmentProfile
        By number.

    References
    ----------
    Cohen: Statistical Power Analysis for the Behavioral Sciences, 1988.
    """
    numbers = range(int(labels.max()) + 1)
    effects = [effect_sizes(scaled, labels == number) for number in numbers]
    looks = len(effects) * len(words)
    means_z = [scaled[labels == number].mean(axis=0) for number in numbers]
    names = names_of(means_z, effects, words)
    usual_of_all = _usual(values, words)
    return tuple(
        SegmentProfile(
            number=number,
            name=names[number],
            description=_description(effects[number], words),
            n_customers=int((labels == number).sum()),
            share=float((labels == number).mean()),
            usual=_usual(values[labels == number], words),
            usual_of_all=usual_of_all,
            means_z=means_z[number],
            distinctions=_distinctions(effects[number], words, int((labels == number).sum()), len(labels), looks),
        )
        for number in numbers
    )


def _usual(values: Matrix, words: tuple[FeatureWords, ...]) -> Matrix:
    """Of those of whom it is known; NaN where that is nobody."""
    known = [column[~np.isnan(column)] for column in values.T]
    usual = [np.mean if one.unit == "share" else np.median for one in words]
    return np.array(
        [told(column) if len(column) else np.nan for told, column in zip(usual, known, strict=True)], dtype=np.float64
    )


def effect_sizes(scaled: Matrix, inside: NDArray[np.bool_]) -> Matrix:
    """Cohen's d of every feature, shape (n_features,): how far those inside lie from the others in pooled deviations.

    Where hardly anybody differs within a side, in twentieths of the deviation of all; 0 where all are alike.

    Parameters
    ----------
    scaled : ndarray of float64, shape (n, n_features)
    inside : ndarray of bool, shape (n,)
        True for some and for some not.
    """
    one, rest = scaled[inside], scaled[~inside]
    pooled = np.sqrt((one.var(axis=0) * len(one) + rest.var(axis=0) * len(rest)) / len(scaled))
    spread = np.maximum(pooled, LEAST_SPREAD * scaled.std(axis=0))
    difference = one.mean(axis=0) - rest.mean(axis=0)
    # Of equal numbers the deviation is a rounding error, not nought.
    differs = spread > ROUNDING * np.maximum(np.abs(scaled).max(axis=0), 1.0)
    return np.divide(difference, spread, out=np.zeros_like(difference), where=differs)


def _distinctions(
    effects: Matrix, words: tuple[FeatureWords, ...], n_inside: int, n: int, looks: int
) -> tuple[Distinction, ...]:
    halves = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * looks)) * effect_errors(effects, n_inside, n - n_inside)
    return tuple(
        Distinction(
            words[i].name,
            words[i].label,
            _phrase(words[i], effects[i]),
            float(effects[i]),
            float(effects[i] - halves[i]),
            float(effects[i] + halves[i]),
        )
        for i in _strongest_first(effects)
    )


def effect_errors(effects: Matrix, n_inside: int, n_outside: int) -> Matrix:
    """Standard errors of Cohen's d.

    References
    ----------
    Hedges, Olkin: Statistical Methods for Meta-Analysis, 1985.
    """
    n_inside, n_outside = max(n_inside, 1), max(n_outside, 1)
    n = n_inside + n_outside
    errors: Matrix = np.sqrt(n / (n_inside * n_outside) + effects**2 / (2 * n))
    return errors


def _strongest_first(effects: Matrix) -> NDArray[np.intp]:
    return np.argsort(-np.abs(effects), kind="stable")


def _phrase(words: FeatureWords, effect: float) -> str:
    return words.high if effect > 0 else words.low


def _description(effects: Matrix, words: tuple[FeatureWords, ...]) -> str:
    strongest = _strongest_first(effects)[:WORDS_IN_DESCRIPTION]
    parts = [f"{_lower_first(words[i].label)} {_how_much(effects[i])}" for i in strongest]
    return f"Compared with other customers: {', '.join(parts)}."


def _lower_first(label: str) -> str:
    return label[0].lower() + label[1:]


def _how_much(effect: float) -> str:
    size = abs(effect)
    degree = "far" if size >= 1.2 else "clearly" if size >= 0.5 else "slightly"
    return f"{degree} {'higher' if effect > 0 else 'lower'}"
