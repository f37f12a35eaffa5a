"""What every estimator of reception can do; one set of tests holds them all to it."""

from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from campaigns.engine.frames import CustomerFrame, FloatArray, ReceptionFrame

Arrays = dict[str, npt.NDArray[Any]]


class Responder(Protocol):
    """Anything that forecasts response on the logit scale, without a learning library."""

    def logits(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return the log-odds of response, shape (n_customers,)."""
        ...

    def contributions(self, customers: CustomerFrame, campaign_type: str) -> FloatArray:
        """Return what each feature adds to the log-odds, shape (n_customers, n_features)."""
        ...

    def to_artefact(self) -> tuple[dict[str, Any], Arrays]:
        """Return parameters fit for JSON and arrays fit for `.npz`."""
        ...


class Estimator(Responder, Protocol):
    """A responder that learns."""

    def fit(self, frame: ReceptionFrame) -> Self:
        """Learn from finished campaigns, forgetting an earlier fit."""
        ...


def check_both(frame: ReceptionFrame) -> None:
    """Refuse a history that teaches nothing.

    Raises
    ------
    ValueError
        When nobody responded, or everybody did.
    """
    responded = frame.responded
    if responded.all() or not responded.any():
        raise ValueError("the past campaigns need people who responded and people who did not")


def check_names(customers: CustomerFrame, names: tuple[str, ...]) -> None:
    """Refuse other features than those of the fit.

    Raises
    ------
    ValueError
        When they differ.
    """
    if customers.names != names:
        raise ValueError("these are not the features the model was fitted on")


def check_kind(described: dict[str, Any], name: str) -> None:
    """Refuse the artefact of another estimator.

    Raises
    ------
    ValueError
        When it is of another.
    """
    if described["estimator"] != name:
        raise ValueError(f"artefact of {described['estimator']}, not of {name}")


def logged(customers: CustomerFrame) -> FloatArray:
    """Features as every model sees them: log1p of counts, days and money, shape (n_customers, n_features)."""
    return np.asarray(np.log1p(customers.values))
