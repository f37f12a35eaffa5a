"""What the hybrid looks at: other recommenders' scores and what is known of products, all of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.base import Artefact, Recommender
from recommender.engine.dataset import InteractionMatrix, TimesUnknown
from recommender.engine.ease import Ease
from recommender.engine.history import CustomerHistory
from recommender.engine.ranking.product_signals import product_signals
from recommender.engine.tifu_knn import TifuKnn

# Kinds of group a product belongs to that are looked at: more would only repeat each other.
MAX_KINDS = 4
MIN_GROUP = 5
PRODUCT_IDS = "product_ids"
PART_KINDS: dict[str, type[Recommender]] = {one.kind: one for one in (Ease, TifuKnn)}
AFFINITY_HALF_LIVES_DAYS = (14.0, 60.0)


@dataclass(frozen=True)
class Part:
    """Another recommender, which sees purchases aged by a half-life of its own."""

    recommender: Recommender
    half_life_days: float | None

    def fit(self, data: InteractionMatrix) -> None:
        aged = data.log.matrix(len(data.products), half_life_days=self.half_life_days) if data.log else data.matrix
        self.recommender.fit(replace(data, matrix=aged, half_life_days=self.half_life_days))

    def aged(self, history: CustomerHistory) -> CustomerHistory:
        """The history as this part sees it."""
        weights = history.dated().matrix(history.shape[1], half_life_days=self.half_life_days)
        return replace(history, weights=weights)

    def score(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Scores of shape (n_customers, n_products), float32."""
        return self.recommender.score(self.aged(history))


@dataclass(frozen=True)
class Sources:
    """All parts and signals, as fitted on one history.

    Attributes
    ----------
    parts : dict of str to Part
    products : ndarray of float32, shape (n_products, n_signals)
        As ``product_signals`` gives them.
    groups : ndarray of int32, shape (n_kinds, n_products)
        The group of every product, by kind of group; 0 where unknown.
    """

    parts: dict[str, Part]
    products: NDArray[np.float32]
    groups: NDArray[np.int32]

    @classmethod
    def of(cls, data: InteractionMatrix, *, max_products: int) -> Self:
        """Fit every part on ``data``.

        Raises
        ------
        TimesUnknown
        """
        if data.log is None:
            raise TimesUnknown("the hybrid looks at when things were bought, and the interactions came without times")
        parts = unfitted(max_products)
        for part in parts.values():
            part.fit(data)
        return cls(parts, product_signals(data.log, len(data.products)), _groups(data))

    def params(self) -> dict[str, Any]:
        """What tells the parts apart, for an artefact."""
        return {
            name: {
                "kind": part.recommender.kind,
                "params": part.recommender.get_params(),
                "half_life_days": part.half_life_days,
            }
            for name, part in self.parts.items()
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Named numeric arrays, for an artefact; product keys are the whole's."""
        found: dict[str, NDArray[Any]] = {"signals": self.products, "groups": self.groups}
        for name, part in self.parts.items():
            arrays = part.recommender.to_artefact().arrays
            found |= {f"{name}.{key}": values for key, values in arrays.items() if key != PRODUCT_IDS}
        return found

    @classmethod
    def from_arrays(cls, params: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The sources again."""
        parts = {}
        for name, saved in params.items():
            prefix = f"{name}."
            own = {key.removeprefix(prefix): values for key, values in arrays.items() if key.startswith(prefix)}
            artefact = Artefact(saved["kind"], saved["params"], {**own, PRODUCT_IDS: arrays[PRODUCT_IDS]})
            parts[name] = Part(PART_KINDS[saved["kind"]].from_artefact(artefact), saved["half_life_days"])
        return cls(parts, arrays["signals"], arrays["groups"])


def unfitted(max_products: int) -> dict[str, Part]:
    """What goes with all that was bought, what goes with what was bought of late, and what those alike buy."""
    return {
        "ease": Part(Ease(max_products=max_products), None),
        "ease_recent": Part(Ease(max_products=max_products, ridge=100.0), 30.0),
        "tifu_knn": Part(TifuKnn(), None),
    }


def _groups(data: InteractionMatrix) -> NDArray[np.int32]:
    """The finest kinds of group that still hold several products each."""
    n = len(data.products)
    labels = {} if data.facts is None else data.facts.labels
    kinds = [_codes(labels[name]) for name in sorted(labels)]
    useful = [codes for codes in kinds if 2 <= codes.max() <= n / MIN_GROUP]
    useful.sort(key=lambda codes: -int(codes.max()))
    return np.array(useful[:MAX_KINDS], dtype=np.int32).reshape(-1, n)


def _codes(labels: NDArray[np.str_]) -> NDArray[np.int32]:
    names, codes = np.unique(labels, return_inverse=True)
    # "" sorts first: 0 is for what is unknown, whether or not there is any.
    unknown = len(names) > 0 and names[0] == ""
    return (codes + (0 if unknown else 1)).astype(np.int32)
