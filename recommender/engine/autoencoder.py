"""Deep denoising autoencoder with a multinomial loss (Mult-DAE), learnt with JAX."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from itertools import pairwise
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from recommender.engine.autoencoder_serving import RESIDUAL_GAIN, AutoencoderScorer, encoded
from recommender.engine.base import Progress
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.metrics import ndcg_at_k
from recommender.engine.splits import EvaluationSlice

Params = list[tuple[jax.Array, jax.Array]]
VALIDATION_K = 10
# So many customers decide when to stop: more would cost as much as the learning itself.
MAX_JUDGES = 800
WARM_UP_STEPS = 20


class Autoencoder(AutoencoderScorer):
    """Learns to restore a customer's purchases from a part of them.

    See ``AutoencoderScorer`` for the parameters.

    References
    ----------
    Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW 2018.
    Vincent et al.: Extracting and composing robust features with denoising autoencoders, ICML 2008.
    """

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn; with a validation window keep the best pass, without one run ``max_epochs`` passes."""
        buyers = data.customers_per_product()
        self.product_ids_ = data.products.ids
        self.popularity_ = (buyers / max(len(data.customers), 1)).astype(np.float32)
        self.head_ = np.sort(np.argsort(-buyers, kind="stable")[: self.max_products])
        self.learning_curve_: list[dict[str, float]] = []
        rng = np.random.default_rng(self.random_state)
        self._learn(encoded(data.matrix[:, self.head_]), validation, rng, progress)
        return self

    def settled(self) -> Self:
        """An unfitted copy that runs as many passes as validation found best."""
        return clone(self).set_params(max_epochs=self._fitted("n_epochs_"))

    def _learn(
        self,
        inputs: sparse.csr_matrix,
        validation: EvaluationSlice | None,
        rng: np.random.Generator,
        progress: Progress | None,
    ) -> None:
        params = _first_params((inputs.shape[1], *self.hidden_sizes), rng)
        optimiser = _optimiser(self.learning_rate, self.weight_decay)
        state = optimiser.init(params)
        best = -np.inf
        for epoch in range(1, self.max_epochs + 1):
            losses = []
            for noisy, target in self._batches(inputs, rng):
                params, state, loss = _step(optimiser, params, state, noisy, target)
                losses.append(loss)
            if progress is not None:
                progress(epoch, self.max_epochs)
            quality = self._after_pass(epoch, params, float(np.mean(losses)), validation)
            if quality > best:
                best, kept, self.n_epochs_ = quality, self.layers_, epoch
            elif epoch - self.n_epochs_ >= self.patience:
                break
        self.layers_ = kept

    def _after_pass(self, epoch: int, params: Params, loss: float, validation: EvaluationSlice | None) -> float:
        self.layers_ = [(np.asarray(weights), np.asarray(bias)) for weights, bias in params]
        point = {"epoch": float(epoch), "loss": loss}
        if validation is not None:
            history, answers = validation.history[:MAX_JUDGES], validation.answers[:MAX_JUDGES]
            items, _ = self.recommend(history, VALIDATION_K, exclude_seen=False)
            point["validation_ndcg"] = float(ndcg_at_k(items, answers).mean())
        self.learning_curve_.append(point)
        # Without a validation window the last pass is the best one.
        return point.get("validation_ndcg", float(epoch))

    def _batches(
        self, inputs: sparse.csr_matrix, rng: np.random.Generator
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        order = rng.permutation(inputs.shape[0])
        for start in range(0, len(order), self.batch_size):
            clean = inputs[order[start : start + self.batch_size]]
            noisy = clean.copy()
            keep = rng.random(noisy.nnz, dtype=np.float32) >= self.input_dropout
            noisy.data = noisy.data * keep / np.float32(1 - self.input_dropout)
            # One shape for every batch, or the step would be compiled again for the last one.
            yield _padded(noisy, self.batch_size), _padded(clean, self.batch_size)


def _padded(rows: sparse.csr_matrix, n: int) -> NDArray[np.float32]:
    dense = np.zeros((n, rows.shape[1]), dtype=np.float32)
    dense[: rows.shape[0]] = rows.toarray()
    return dense


def _first_params(sizes: tuple[int, ...], rng: np.random.Generator) -> Params:
    """Glorot-uniform weights for the way in and its mirror image back out; biases are 0.

    A square layer starts at 0: it only adds to what it gets, so depth costs nothing before it helps.
    """
    path = [*sizes, *reversed(sizes[:-1])]
    params = []
    for n_in, n_out in pairwise(path):
        limit = 0.0 if n_in == n_out else np.sqrt(6.0 / (n_in + n_out))
        weights = rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32)
        params.append((jnp.asarray(weights), jnp.zeros(n_out, dtype=jnp.float32)))
    return params


@cache
def _optimiser(learning_rate: float, weight_decay: float) -> optax.GradientTransformation:
    """The same object for the same settings, so that the second fit does not compile the step again."""
    schedule = optax.linear_schedule(0.0, learning_rate, WARM_UP_STEPS)
    return optax.adamw(schedule, weight_decay=weight_decay)


def _loss(params: Params, noisy: jax.Array, target: jax.Array) -> jax.Array:
    """Multinomial negative log-likelihood, mean over the customers of the batch."""
    (weights, bias), *rest = params
    activation = noisy @ weights + bias
    for weights, bias in rest:
        change = jnp.tanh(activation) @ weights + bias
        activation = activation + RESIDUAL_GAIN * change if change.shape == activation.shape else change
    mass = target.sum(axis=1, keepdims=True)
    share = target / jnp.maximum(mass, 1e-12)
    return -(share * jax.nn.log_softmax(activation)).sum() / jnp.maximum((mass > 0).sum(), 1)


@partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def _step(
    optimiser: optax.GradientTransformation,
    params: Params,
    state: Any,
    noisy: jax.Array,
    target: jax.Array,
) -> tuple[Params, Any, jax.Array]:
    loss, gradient = jax.value_and_grad(_loss)(params, noisy, target)
    updates, state = optimiser.update(gradient, state, params)
    return optax.apply_updates(params, updates), state, loss
