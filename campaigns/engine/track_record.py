"""How well past forecasts did: coverage, calibration, skill against a rule of thumb, and when to be alarmed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import beta, norm

from campaigns.engine.frames import FloatArray, IntArray

N_GROUPS = 10
N_RESAMPLES = 2_000
# Of the launches of one group, of which there may be thousands.
N_RESAMPLED = 400
LEVEL = 0.9
# A single campaign so far off, in spreads of what was to be expected; two in a row on one side, each half as far.
ALARM, ALARM_IN_A_ROW = 2.0, 1.0


@dataclass(frozen=True)
class Estimate:
    """A figure and its 90 % interval."""

    mid: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """Customers of similar chance: what was expected of them, and what share took it, with its interval."""

    expected: float
    happened: Estimate
    n_customers: int


@dataclass(frozen=True)
class Surprise:
    """How far one campaign was from its forecast.

    Attributes
    ----------
    effect, effect_sd : float
        Shift on the logit that explains what happened, and its standard error.
    mean, sd : float
        What had been believed of such shifts.
    """

    effect: float
    effect_sd: float
    mean: float
    sd: float

    @property
    def spreads(self) -> float:
        """Distance from what was believed, in spreads of it; positive where more came."""
        return float((self.effect - self.mean) / np.hypot(self.sd, self.effect_sd))


def share_estimate(n_hit: int, n: int) -> Estimate:
    """A share and its 90 % interval (Wilson 1927); n at least 1."""
    z, share = float(norm.ppf((1 + LEVEL) / 2)), n_hit / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Estimate(share, max(float(centre - reach), 0.0), min(float(centre + reach), 1.0))


def calibration_groups(logits: FloatArray, sizes: IntArray, taken: IntArray) -> list[Group]:
    """Gather groups of customers from all forecasts into ten of similar chance and about equal size.

    Parameters
    ----------
    logits : ndarray of float64, shape (n_bins,)
    sizes, taken : ndarray of int64, shape (n_bins,)
        Customers in each bin, and how many took it.
    """
    order = np.argsort(logits, kind="stable")
    gone = (np.cumsum(sizes[order]) - sizes[order] / 2) / sizes.sum()
    places = np.minimum((gone * N_GROUPS).astype(np.int64), N_GROUPS - 1)
    return [_group(order[places == place], logits, sizes, taken) for place in np.unique(places)]


def _group(bins: IntArray, logits: FloatArray, sizes: IntArray, taken: IntArray) -> Group:
    n, n_taken = int(sizes[bins].sum()), int(taken[bins].sum())
    low, high = beta.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], n_taken + 0.5, n - n_taken + 0.5)
    expected = float(expit(logits[bins]) @ sizes[bins] / n)
    return Group(expected, Estimate(n_taken / n, float(low), float(high)), n)


def skill(errors: FloatArray, rule_errors: FloatArray, rng: np.random.Generator) -> Estimate | None:
    """By what share the sum of absolute errors is smaller than a rule of thumb's, campaigns resampled whole.

    Parameters
    ----------
    errors, rule_errors : ndarray of float64, shape (n_campaigns,)
        Absolute errors of the forecasts and of the rule.

    Returns
    -------
    Estimate or None
        1: no error at all, 0: no better. None with fewer than two campaigns, or where the rule never errs.
    """
    n = len(errors)
    if n < 2 or not rule_errors.any():
        return None
    picks = rng.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    sums, rule_sums = picks @ errors, picks @ rule_errors
    gains = 1 - sums[rule_sums > 0] / rule_sums[rule_sums > 0]
    low, high = np.quantile(gains, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(1 - errors.sum() / rule_errors.sum()), float(low), float(high))


def is_alarming(surprises: Sequence[Surprise]) -> bool:
    """Whether the newest campaigns say that forecasts no longer fit; oldest first."""
    last = [surprise.spreads for surprise in surprises[-2:]]
    if last and abs(last[-1]) > ALARM:
        return True
    return len(last) == 2 and last[0] * last[1] > 0 and min(map(abs, last)) > ALARM_IN_A_ROW


@dataclass(frozen=True)
class Expected:
    """Launches of which about as many buyers were expected: the mean expected of them, and what they had."""

    expected: float
    happened: Estimate
    n_launches: int


def expected_groups(means: FloatArray, actual: IntArray, rng: np.random.Generator) -> list[Expected]:
    """Gather forecasts into ten groups of similar mean; the 90 % interval resamples the launches of each.

    Parameters
    ----------
    means : ndarray of float64, shape (n_launches,)
    actual : ndarray of int64, shape (n_launches,)
    rng : numpy.random.Generator
    """
    parts = [part for part in np.array_split(np.argsort(means, kind="stable"), N_GROUPS) if len(part)]
    return [_expected(means[part], actual[part], rng) for part in parts]


def _expected(means: FloatArray, actual: IntArray, rng: np.random.Generator) -> Expected:
    drawn = actual[rng.integers(0, len(actual), (N_RESAMPLED, len(actual)))].mean(axis=1)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    mid = float(actual.mean())
    return Expected(float(means.mean()), Estimate(mid, min(float(low), mid), max(float(high), mid)), len(means))
