"""Optuna proposes settings: seeded, in memory, knowing only what it is told."""

from collections.abc import Mapping
from typing import Any

import optuna

from recommender.engine.space import Dimension, OneOf, Whole

# What people read is in our own rows.
optuna.logging.set_verbosity(optuna.logging.WARNING)


class TpeSearch:
    """Tree-structured Parzen estimator (Bergstra et al., NIPS 2011): tries near what was good, and elsewhere."""

    def __init__(self, seed: int) -> None:
        sampler = optuna.samplers.TPESampler(seed=seed)
        self.study = optuna.create_study(direction="maximize", sampler=sampler)
        self.asked: optuna.trial.Trial

    def ask(self, space: Mapping[str, Dimension]) -> dict[str, Any]:
        """A value for every dimension."""
        self.asked = trial = self.study.ask()
        return {name: _suggested(trial, name, dimension) for name, dimension in space.items()}

    def tell(self, value: float) -> None:
        """What the settings last asked for were worth."""
        self.study.tell(self.asked, value)


def _suggested(trial: optuna.trial.Trial, name: str, dimension: Dimension) -> Any:
    if isinstance(dimension, OneOf):
        return trial.suggest_categorical(name, dimension.values)
    if isinstance(dimension, Whole):
        return trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
