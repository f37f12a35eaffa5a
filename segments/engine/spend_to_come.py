"""What an order of a customer will be worth, from the few they have made (Gamma–Gamma)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from segments.engine.orders_to_come import MIN_REPEATERS, TooLittleToFit

FloatArray = NDArray[np.float64]
START = np.log([5.0, 4.0, 1.0])
# Above it the model's assumption, that who orders more often does not spend more an order, is plainly wrong.
MAX_CORRELATION = 0.3


@dataclass(frozen=True)
class SpendToCome:
    """A fitted Gamma–Gamma model of the mean value of an order.

    Attributes
    ----------
    p, q, gamma : float
        Orders are gamma with shape ``p`` and a rate that is itself gamma with shape ``q`` and rate ``gamma``.
    correlation : float
        Of value and number of orders among those it was fitted on; the model takes it for 0.

    References
    ----------
    Fader, Hardie: The Gamma-Gamma Model of Monetary Value, 2013.
    """

    p: float
    q: float
    gamma: float
    correlation: float

    @classmethod
    def fitted(cls, orders: FloatArray, value: FloatArray) -> SpendToCome:
        """The parameters of the largest likelihood.

        Parameters
        ----------
        orders : ndarray of float64, shape (n,)
            Orders that ``value`` is the mean of; customers with none are left out.
        value : ndarray of float64, shape (n,)
            Mean value of an order, in money; above 0, else left out.

        Raises
        ------
        TooLittleToFit
        """
        known = (orders > 0) & (value > 0)
        if known.sum() < MIN_REPEATERS:
            raise TooLittleToFit(
                f"Only {int(known.sum())} customers came again and spent; at least {MIN_REPEATERS} are needed."
            )
        x, z = orders[known], value[known]
        scale = z.mean()

        def cost(logs: FloatArray) -> float:
            return -float(_log_likelihoods(np.exp(logs), x, z / scale).mean())

        found = minimize(
            cost,
            np.log([5.0, 4.0, 1.0]),
            method="L-BFGS-B",
            bounds=[(-7, 9)] * 3,
            options={"ftol": 1e-13, "gtol": 1e-8},
        )
        p, q, gamma = np.exp(found.x)
        together = float(np.corrcoef(x, z)[0, 1]) if np.ptp(x) > 0 and np.ptp(z) > 0 else 0.0
        return cls(float(p), float(q), float(gamma * scale), together)

    @property
    def doubtful(self) -> bool:
        """Whether the shop's customers break the assumption the model stands on."""
        return abs(self.correlation) > MAX_CORRELATION

    def expected(self, orders: FloatArray, value: FloatArray) -> FloatArray:
        """Mean value of the orders to come, in money, shape (n,): own orders weighed against everybody's."""
        return np.asarray((self.gamma + orders * value) * self.p / (self.p * orders + self.q - 1))

    def drawn(self, orders: FloatArray, value: FloatArray, rng: np.random.Generator, n_draws: int) -> FloatArray:
        """Mean values as they may be, shape (n_draws, n), in money."""
        rates = rng.gamma(self.p * orders + self.q, 1 / (self.gamma + orders * value), (n_draws, len(orders)))
        return np.asarray(self.p / rates)


def _log_likelihoods(parameters: FloatArray, x: FloatArray, z: FloatArray) -> FloatArray:
    p, q, gamma = parameters
    return np.asarray(
        gammaln(p * x + q)
        - gammaln(p * x)
        - gammaln(q)
        + q * np.log(gamma)
        + (p * x - 1) * np.log(z)
        + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + x * z)
    )
