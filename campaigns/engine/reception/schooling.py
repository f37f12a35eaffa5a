"""How a net of reception learns: gradient steps in JAX, stopped by whole campaigns kept out."""

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from campaigns.engine.frames import BoolArray, FloatArray

# Rows are padded to a multiple, so that a history that grows is not compiled anew each time.
ROWS_STEP = 2_048
BATCH_SIZE = 512
STEPS_A_ROUND = 10

Net = dict[str, Any]


@dataclass(frozen=True)
class Lessons:
    """What a net learns from.

    Attributes
    ----------
    x : ndarray of float64, shape (n, n_features)
        Standardised.
    offset : ndarray of float64, shape (n,)
        Logits that the net adds to.
    y : ndarray of bool, shape (n,)
    judging : ndarray of bool, shape (n,)
        Rows that only judge; without any, all that teach judge.
    """

    x: FloatArray
    offset: FloatArray
    y: BoolArray
    judging: BoolArray


@dataclass(frozen=True)
class Schooling:
    """How it learns: as the parameters of `ReceptionNetwork` of the same names."""

    hidden_sizes: tuple[int, int]
    dropout: float
    weight_decay: float
    learning_rate: float
    n_steps: int


def school(lessons: Lessons, schooling: Schooling, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Return the net that forecast the judges best on its way; before the first step it adds nothing."""
    start = _first_net(lessons.x.shape[1], schooling.hidden_sizes, rng)
    teaching = np.ones(len(lessons.y)) if lessons.judging.all() else ~lessons.judging * 1.0
    judging = lessons.judging * 1.0 if lessons.judging.any() else teaching
    rows = [lessons.x, lessons.offset, lessons.y, teaching, judging]
    key = jax.random.key(int(rng.integers(2**31)))
    best = _run(schooling, start, [_padded(values) for values in rows], key)
    return {name: np.asarray(values, dtype=np.float64) for name, values in best.items()}


def _first_net(n_features: int, hidden_sizes: tuple[int, int], rng: np.random.Generator) -> Net:
    first, second = hidden_sizes
    net = {
        "w1": rng.standard_normal((n_features, first)) / np.sqrt(n_features),
        "b1": np.zeros(first),
        "w2": rng.standard_normal((first, second)) / np.sqrt(first),
        "b2": np.zeros(second),
        "w3": np.zeros(second),
        "b3": np.zeros(()),
    }
    return {name: jnp.asarray(values, dtype=jnp.float32) for name, values in net.items()}


def _padded(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    padded = np.zeros((-(-len(values) // ROWS_STEP) * ROWS_STEP, *values.shape[1:]), dtype=np.float32)
    padded[: len(values)] = values
    return padded


@cache
def _optimiser(learning_rate: float, weight_decay: float) -> optax.GradientTransformation:
    """The same object for the same settings, so that the second fit does not compile the steps again."""
    return optax.adamw(learning_rate, weight_decay=weight_decay, mask=_matrices)


def _matrices(net: Any) -> Any:
    return jax.tree.map(lambda one: one.ndim > 0, net)


@partial(jax.jit, static_argnums=0)
def _run(schooling: Schooling, start: Net, rows: list[jax.Array], key: jax.Array) -> Net:
    x, offset, y, teaching, judging = rows
    optimiser = _optimiser(schooling.learning_rate, schooling.weight_decay)

    def step(carry: tuple[Net, Any], key: jax.Array) -> tuple[tuple[Net, Any], None]:
        net, state = carry
        drawn, dropped = jax.random.split(key)
        some = jax.random.randint(drawn, (BATCH_SIZE,), 0, len(x))
        batch = (x[some], offset[some], y[some], teaching[some])
        gradient = jax.grad(_loss)(net, batch, schooling.dropout, dropped)
        updates, state = optimiser.update(gradient, state, net)
        return (optax.apply_updates(net, updates), state), None

    def a_round(carry: Any, key: jax.Array) -> tuple[Any, None]:
        learnt, best, least = carry
        learnt, _ = jax.lax.scan(step, learnt, jax.random.split(key, STEPS_A_ROUND))
        judged = _loss(learnt[0], (x, offset, y, judging), 0.0, key)
        best = jax.tree.map(partial(jnp.where, judged < least), learnt[0], best)
        return (learnt, best, jnp.minimum(judged, least)), None

    before = _loss(start, (x, offset, y, judging), 0.0, key)
    keys = jax.random.split(key, schooling.n_steps // STEPS_A_ROUND)
    (_, best, _), _ = jax.lax.scan(a_round, ((start, optimiser.init(start)), start, before), keys)
    return best


def _loss(net: Net, rows: tuple[jax.Array, ...], dropout: float, key: jax.Array) -> jax.Array:
    """Mean log-loss over the rows with weight."""
    x, offset, y, weights = rows
    one, other = jax.random.split(key)
    hidden = _dropped(jax.nn.silu(x @ net["w1"] + net["b1"]), dropout, one)
    hidden = _dropped(jax.nn.silu(hidden @ net["w2"] + net["b2"]), dropout, other)
    logits = offset + hidden @ net["w3"] + net["b3"]
    return (optax.sigmoid_binary_cross_entropy(logits, y) * weights).sum() / jnp.maximum(weights.sum(), 1.0)


def _dropped(hidden: jax.Array, dropout: float, key: jax.Array) -> jax.Array:
    if not dropout:
        return hidden
    return hidden * jax.random.bernoulli(key, 1 - dropout, hidden.shape) / (1 - dropout)
