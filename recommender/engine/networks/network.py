"""The deep path of the autoencoder in JAX: sparse in, softmax out, learnt by hiding a part of every history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.autoencoder_serving import RESIDUAL_GAIN, Layer

WARM_UP_STEPS = 20
SMALLEST_BATCH, LARGEST_BATCH = 32, 256
BATCHES_A_PASS = 20


# Core-seconds a fit may spend on passes, and what a million of each took on one core of a server of 2023: cells
# gathered, products of the last layer, weights moved. A count, no clock: the same seed has to give the same network.
SECONDS_OF_PASSES = 18.0
GATHERED, MULTIPLIED, MOVED = 0.0025, 0.00012, 0.0065
FEWEST_PASSES = 5


class Network(NamedTuple):
    """Layers as ``autoencoder_serving.forward`` wants them; ``spread`` gives the log variances of a Mult-VAE."""

    layers: list[tuple[jax.Array, jax.Array]]
    spread: tuple[jax.Array, jax.Array]


class Batch(NamedTuple):
    """Purchases of some customers, one a place; places past the last purchase have weight 0.

    Attributes
    ----------
    customers, inputs : ndarray of int32, shape (n_places,)
        Row in the batch, ascending, and product row.
    weights : ndarray of float32, shape (n_places,)
        0 where the purchase is hidden.
    shares : ndarray of float32, shape (batch_size, n_ranked)
        What is to be restored, rows sum to 1; 0 where there is no customer.
    """

    customers: NDArray[np.int32]
    inputs: NDArray[np.int32]
    weights: NDArray[np.float32]
    shares: NDArray[np.float32]


@dataclass(frozen=True)
class Schooling:
    """How the network learns: as the parameters of ``AutoencoderScorer`` of the same names."""

    input_dropout: float
    weight_decay: float
    learning_rate: float
    batch_size: int
    kl_weight: float


def batch_size_for(n_customers: int) -> int:
    """Some twenty steps a pass, whatever the shop's size, within what is stable and what is fast."""
    return int(np.clip(n_customers // BATCHES_A_PASS, SMALLEST_BATCH, LARGEST_BATCH))


def affordable_passes(inputs: sparse.csr_matrix, n_ranked: int, width: int, batch_size: int) -> int:
    """How many passes two cores make in some twelve seconds: the larger the shop, the fewer, but at least five."""
    n_steps = max(np.ceil(inputs.shape[0] / batch_size), 1)
    gathered = places_for(inputs, batch_size) * GATHERED
    multiplied = batch_size * n_ranked * MULTIPLIED
    moved = (inputs.shape[1] + n_ranked) * MOVED
    a_pass = n_steps * width * (gathered + multiplied + moved) / 1e6
    return int(max(SECONDS_OF_PASSES // a_pass, FEWEST_PASSES))


def passes(
    inputs: sparse.csr_matrix,
    head: NDArray[np.int64],
    hidden_sizes: tuple[int, ...],
    schooling: Schooling,
    rng: np.random.Generator,
) -> Iterator[tuple[list[Layer], float]]:
    """Learn for ever, one pass over the customers at a time.

    Parameters
    ----------
    inputs : csr_matrix of float32, shape (n_customers, n_products)
        As ``encoded`` returns it.
    head : ndarray of int64, shape (m,)
        Product rows that the network ranks, ascending.
    hidden_sizes : tuple of int
    schooling : Schooling
    rng : numpy.random.Generator

    Yields
    ------
    layers : list of (weights, bias)
        After the pass, as NumPy arrays.
    loss : float
        Mean multinomial negative log-likelihood a customer, and the annealed divergence of a Mult-VAE.
    """
    network = first_network(inputs, head, hidden_sizes, rng)
    optimiser = _optimiser(schooling.learning_rate, schooling.weight_decay)
    state, key, step = optimiser.init(network), jax.random.key(int(rng.integers(2**31))), 0
    while True:
        losses = []
        for batch in batches(inputs, head, schooling, rng):
            step += 1
            # Annealed over some ten passes: a divergence at full weight from the start makes every customer alike.
            weight = np.float32(schooling.kl_weight * min(1.0, step / (10 * BATCHES_A_PASS)))
            key, noise = jax.random.split(key)
            network, state, loss = _step(optimiser, schooling.batch_size, network, state, batch, (noise, weight))
            losses.append(loss)
        yield [(np.asarray(weights), np.asarray(bias)) for weights, bias in network.layers], float(np.mean(losses))


def first_network(
    inputs: sparse.csr_matrix, head: NDArray[np.int64], hidden_sizes: tuple[int, ...], rng: np.random.Generator
) -> Network:
    """Glorot-uniform weights for the way in and its mirror image back out; the last bias is what everybody buys.

    A square layer starts at 0: it only adds to what it gets, so depth costs nothing before it helps. Products that
    nobody bought have no weights: nothing could ever be learnt about them.
    """
    path = [inputs.shape[1], *hidden_sizes, *reversed(hidden_sizes[:-1]), len(head)]
    layers: list[list[NDArray[np.float32]]] = []
    for n_in, n_out in pairwise(path):
        limit = 0.0 if n_in == n_out and len(layers) else np.sqrt(6.0 / (n_in + n_out))
        weights = rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32)
        layers.append([weights, np.zeros(n_out, dtype=np.float32)])
    mass = np.asarray(inputs.sum(axis=0)).ravel()
    layers[0][0][mass == 0] = 0.0
    layers[-1][1] = np.log(np.maximum(mass[head], 1e-3) / max(mass[head].mean(), 1e-3)).astype(np.float32)
    middle = hidden_sizes[-1]
    spread = (jnp.zeros((middle, middle), dtype=jnp.float32), jnp.full(middle, -4.0, dtype=jnp.float32))
    return Network([(jnp.asarray(weights), jnp.asarray(bias)) for weights, bias in layers], spread)


def batches(
    inputs: sparse.csr_matrix, head: NDArray[np.int64], schooling: Schooling, rng: np.random.Generator
) -> Iterator[Batch]:
    """One pass in random order, all batches of one shape: another shape would be compiled anew."""
    shares = _of_mass_one(inputs[:, head].tocsr())
    order = rng.permutation(inputs.shape[0])
    n_places = places_for(inputs, schooling.batch_size)
    for customers in _packed(order, np.diff(inputs.indptr)[order], schooling.batch_size, n_places):
        rows = inputs[customers]
        keep = rng.random(rows.nnz, dtype=np.float32) >= schooling.input_dropout
        wanted = np.zeros((schooling.batch_size, len(head)), dtype=np.float32)
        wanted[: len(customers)] = shares[customers].toarray()
        yield Batch(
            # Padding belongs to the last place of the batch, so that the customers stay in order.
            _filled(np.repeat(np.arange(len(customers)), np.diff(rows.indptr)), n_places, schooling.batch_size - 1),
            _filled(rows.indices, n_places, 0),
            _filled((rows.data * keep / (1.0 - schooling.input_dropout)).astype(np.float32), n_places, 0),
            wanted,
        )


def places_for(inputs: sparse.csr_matrix, batch_size: int) -> int:
    """Purchases a batch holds: those of a full batch of average customers, and of the largest one."""
    sizes = np.diff(inputs.indptr)
    return int(max(np.ceil(batch_size * max(sizes.mean(), 1.0)), sizes.max(initial=1)))


def _packed(
    order: NDArray[np.int64], sizes: NDArray[np.int32], batch_size: int, n_places: int
) -> Iterator[NDArray[np.int64]]:
    start, filled = 0, 0
    for at, size in enumerate(sizes.tolist()):
        if at - start == batch_size or filled + size > n_places:
            yield order[start:at]
            start, filled = at, 0
        filled += size
    yield order[start:]


def _of_mass_one(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    mass = np.asarray(rows.sum(axis=1)).ravel()
    return sparse.csr_matrix(sparse.diags_array(1.0 / np.maximum(mass, 1e-12)).astype(np.float32) @ rows)


def loss_of(network: Network, batch: Batch, n_customers: int, noise: jax.Array, kl_weight: Any) -> jax.Array:
    """Multinomial negative log-likelihood, mean over the customers with purchases, and the weighted divergence."""
    (weights, bias), *between, last = network.layers
    # Only the rows of what was bought are touched: a catalogue of any size costs no dense input.
    rows = weights[batch.inputs] * batch.weights[:, None]
    activation = jax.ops.segment_sum(rows, batch.customers, n_customers, indices_are_sorted=True) + bias
    middle = len(between) // 2
    activation = _onward(activation, between[:middle])
    activation, divergence = _drawn(network, activation, noise, kl_weight)
    activation = jnp.tanh(_onward(activation, between[middle:])) @ last[0] + last[1]
    present = batch.shares.sum(axis=1) > 0
    n = jnp.maximum(present.sum(), 1)
    likelihood = (batch.shares * jax.nn.log_softmax(activation)).sum() / n
    return -likelihood + kl_weight * (divergence * present).sum() / n


def _onward(activation: jax.Array, layers: list[tuple[jax.Array, jax.Array]]) -> jax.Array:
    for weights, bias in layers:
        change = jnp.tanh(activation) @ weights + bias
        activation = activation + RESIDUAL_GAIN * change if change.shape == activation.shape else change
    return activation


def _drawn(network: Network, mean: jax.Array, noise: jax.Array, kl_weight: Any) -> tuple[jax.Array, jax.Array]:
    """A draw around what the customer is coded as, and how far that is from a standard normal."""
    weights, bias = network.spread
    log_variance = jnp.tanh(mean) @ weights + bias
    draw = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(noise, mean.shape)
    divergence = 0.5 * (jnp.exp(log_variance) + mean**2 - 1.0 - log_variance).sum(axis=1)
    return jnp.where(kl_weight > 0, draw, mean), divergence


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=(2, 3))
def _step(
    optimiser: optax.GradientTransformation,
    n_customers: int,
    network: Network,
    state: Any,
    batch: Batch,
    divergence: tuple[jax.Array, Any],
) -> tuple[Network, Any, jax.Array]:
    loss, gradient = jax.value_and_grad(loss_of)(network, batch, n_customers, *divergence)
    updates, state = optimiser.update(gradient, state, network)
    return optax.apply_updates(network, updates), state, loss


@cache
def _optimiser(learning_rate: float, weight_decay: float) -> optax.GradientTransformation:
    """The same object for the same settings, so that the second fit does not compile the step again."""
    schedule = optax.linear_schedule(0.0, learning_rate, WARM_UP_STEPS)
    return optax.adamw(schedule, weight_decay=weight_decay, mask=_matrices)


def _matrices(network: Any) -> Any:
    """Weights decay, biases do not: the last one says what everybody buys."""
    return jax.tree.map(lambda one: one.ndim > 1, network)


def _filled(values: NDArray[Any], size: int, padding: int) -> NDArray[Any]:
    filled = np.full(size, padding, dtype=np.float32 if values.dtype == np.float32 else np.int32)
    filled[: len(values)] = values
    return filled
