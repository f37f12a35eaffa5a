"""Those whom a model picks are less keen than it says: part of what put them first is chance in what it learnt.

How much of the spread between customers holds is learnt on campaigns that the model had not seen.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit

from campaigns.engine.campaign_effect import RIDGE_SD
from campaigns.engine.frames import FloatArray, ReceptionFrame
from campaigns.engine.reception.contract import Estimator
from campaigns.engine.reception.levels import Grouped, fit_grouped, groups_of

# Each campaign by itself where there are few: without more of them a model would know less than the one that serves.
MOST_FOLDS = 20
MOST_STEPS = 50
# Below, the order itself would be in doubt, which the contest between estimators decides.
LEAST_SPREAD = 0.2
LEAST_DIFFERENCE = 1e-9
LEAST_PENALTY = 1e-6


def kept_spread(frame: ReceptionFrame, make_model: Callable[[], Estimator]) -> float:
    """Share of the spread of the log-odds that holds in campaigns that were not learnt from, at most 1.

    Parameters
    ----------
    frame : ReceptionFrame
        Finished campaigns.
    make_model : callable
        Returns a new, unfitted model.

    Notes
    -----
    Slope of what happened on the cross-fitted log-odds, each campaign with a level of its own: how a campaign went as
    a whole is the campaign effect's to say (Cox 1958; van Houwelingen & le Cessie 1990).
    """
    logits = _cross_fitted(frame, make_model)
    if logits is None:
        return 1.0
    campaigns = groups_of(frame.campaign_rows)
    means = (campaigns @ logits) / np.asarray(campaigns.sum(axis=1)).ravel()
    within = logits - campaigns.T @ means
    if np.ptp(within) < LEAST_DIFFERENCE:
        return 1.0
    x = np.column_stack([np.ones(len(within)), within])
    problem = Grouped(x, frame.responded, campaigns, np.array([0.0, LEAST_PENALTY]), RIDGE_SD**-2)
    return float(np.clip(fit_grouped(problem, MOST_STEPS)[1], LEAST_SPREAD, 1.0))


def drawn_together(logits: FloatArray, spread: float) -> FloatArray:
    """Log-odds nearer to each other by `spread`, in the same order, of which as many are expected to respond.

    Parameters
    ----------
    logits : ndarray of float64, shape (n_customers,)
        Of everybody whom the model may pick from.
    spread : float
        0 to 1; 1 leaves them as they are.
    """
    if spread >= 1 or len(logits) == 0:
        return logits
    expected = expit(logits).sum()
    nearer = spread * (logits - logits.mean())
    level = float(logit(expected / len(logits)))
    for _ in range(MOST_STEPS):
        chances = expit(level + nearer)
        step = float((expected - chances.sum()) / (chances * (1 - chances)).sum())
        level += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-10:
            break
    return np.asarray(level + nearer)


def _cross_fitted(frame: ReceptionFrame, make_model: Callable[[], Estimator]) -> FloatArray | None:
    """Each row's log-odds by a model of other campaigns, shape (n_rows,); None where those teach nothing."""
    rows, places = np.unique(frame.campaign_rows, return_inverse=True)
    if len(rows) < 2:
        return None
    folds = (np.arange(len(rows)) % MOST_FOLDS)[places]
    logits = np.empty(len(folds))
    for fold in range(min(MOST_FOLDS, len(rows))):
        others = frame.take(folds != fold)
        if others.responded.all() or not others.responded.any():
            return None
        model = make_model().fit(others)
        for row in rows[np.arange(len(rows)) % MOST_FOLDS == fold].tolist():
            mine = frame.campaign_rows == row
            logits[mine] = model.logits(frame.customers.take(mine), frame.campaigns[row].campaign_type)
    return logits
