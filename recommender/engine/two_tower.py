"""One network for every customer and every product, also the brand-new ones, learnt with JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import product
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import log_expit
from sklearn.base import clone

from recommender.engine.attributes import Attributes
from recommender.engine.base import Progress
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.encoding import Encoding, crossed
from recommender.engine.launches.affinity import Affinity
from recommender.engine.launches.cases import Cases, cases_of_window
from recommender.engine.launches.wide import learnt, standing_of
from recommender.engine.metrics import ndcg_at_k
from recommender.engine.splits import EvaluationSlice
from recommender.engine.two_tower_serving import Inputs, TwoTowerScorer, customer_side, product_side

Params = dict[str, jax.Array]
VALIDATION_K = 10
MAX_JUDGES = 800
MIN_CUSTOMERS = 5
# Customers and products of one step, at most.
CELLS_A_SIDE = 256
CUSTOMERS_AT_ONCE = 4096
Judge = Callable[[], float]


class TwoTower(TwoTowerScorer):
    """Learns the regression first, then two towers for what it leaves over.

    See ``TwoTowerScorer`` for the parameters.
    """

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn what is bought next; with a validation window keep the best pass, without one run ``max_epochs``.

        Raises
        ------
        TimesUnknown
            When the interactions came without their times.
        """
        rng = np.random.default_rng(self.random_state)
        cases = cases_of_window(
            data,
            window_days=self.window_days,
            n_products=self.max_products,
            hidden_share=self.hidden_share,
            rng=rng,
        )
        judge = None if validation is None else partial(self._next_purchases, validation)
        blocks = list(cases.by_customers(CUSTOMERS_AT_ONCE))
        self._prepare(data.earlier(self.window_days), blocks, rng)
        self._learn(blocks, judge, rng, progress)
        self.wide_ = self.wide_.known_by(data.customers_per_product())
        return self

    def fit_launches(
        self,
        data: InteractionMatrix,
        cases: Iterable[Cases],
        *,
        held_out: Iterable[Cases] | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn who buys a product that was never sold.

        Parameters
        ----------
        data : InteractionMatrix
            As known before the first of the launches.
        cases : iterable of Cases
            A block for products launched at the same time; walked through twice.
        held_out : iterable of Cases, optional
            Later launches, on which to decide when to stop; without them ``max_epochs`` passes are run.
        progress : callable, optional
            Called with passes done and passes at most.
        """
        rng = np.random.default_rng(self.random_state)
        self._prepare(data, cases, rng)
        judge = None if held_out is None else partial(self._likelihood, list(self._batches(held_out)))
        self._learn(cases, judge, rng, progress)
        return self

    def settled(self) -> Self:
        """An unfitted copy that runs as many passes as validation found best."""
        return clone(self).set_params(max_epochs=self._fitted("n_epochs_"))

    def _prepare(self, data: InteractionMatrix, blocks: Iterable[Cases], rng: np.random.Generator) -> None:
        facts = data.facts or Attributes(len(data.products))
        affinity = Affinity.of(Encoding.of(crossed(facts)), facts)
        standing = standing_of(affinity, data.customers_per_product())
        self.product_ids_ = data.products.ids
        self.wide_ = learnt(affinity, standing, blocks, strength=self.strength, rng=rng)
        self.inputs_ = _inputs(data, facts, self.max_columns)
        self.towers_ = self._first_towers(len(data.products), rng)
        self.learning_curve_: list[dict[str, float]] = []

    def _first_towers(self, n_products: int, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        """The way out of the customers' side begins at 0, so that the towers add nothing before they help."""
        n_columns, n_traits = self.inputs_.facts.shape[1], _n_columns(self.inputs_.traits)
        sizes = {
            "customer_in": (2 * n_columns + n_traits + 4, self.n_hidden),
            "product_in": (n_columns, self.n_hidden),
            "product_out": (self.n_hidden, self.n_factors + 1),
        }
        towers = {
            name: (rng.standard_normal(size) / np.sqrt(self.n_hidden)).astype(np.float32)
            for name, size in sizes.items()
        }
        towers["product_out"][:, -1] = 0.0
        for name, size in {
            "customer_bias": (self.n_hidden,),
            "product_bias": (self.n_hidden,),
            "customer_out": (self.n_hidden, self.n_factors),
            "known": (n_products, self.n_factors + 1),
        }.items():
            towers[name] = np.zeros(size, dtype=np.float32)
        return towers

    def _learn(
        self, blocks: Iterable[Cases], judge: Judge | None, rng: np.random.Generator, progress: Progress | None
    ) -> None:
        batches = list(self._batches(blocks)) if self.max_epochs else []
        params = {name: jnp.asarray(values) for name, values in self.towers_.items()}
        optimiser = _optimiser(self.learning_rate, self.weight_decay)
        state = optimiser.init(params)
        best, kept, self.n_epochs_ = -np.inf if judge is None else judge(), self.towers_, 0
        for epoch in range(1, self.max_epochs + 1):
            losses = []
            for number in rng.permutation(len(batches)):
                noisy = batches[number].noisy(self.input_dropout, rng)
                params, state, loss = _step(optimiser, params, state, noisy)
                losses.append(loss)
            if progress is not None:
                progress(epoch, self.max_epochs)
            self.towers_ = {name: np.asarray(values) for name, values in params.items()}
            quality = self._after_pass(epoch, float(np.mean(losses)), judge)
            if quality > best:
                best, kept, self.n_epochs_ = quality, self.towers_, epoch
            elif epoch - self.n_epochs_ >= self.patience:
                break
        self.towers_ = kept

    def _after_pass(self, epoch: int, loss: float, judge: Judge | None) -> float:
        point = {"epoch": float(epoch), "loss": loss}
        if judge is not None:
            point["validation"] = judge()
        self.learning_curve_.append(point)
        # Without anything to judge by the last pass is the best one.
        return point.get("validation", float(epoch))

    def _next_purchases(self, validation: EvaluationSlice) -> float:
        history, answers = validation.history[:MAX_JUDGES], validation.answers[:MAX_JUDGES]
        items, _ = self.recommend(history, VALIDATION_K, exclude_seen=False)
        return float(ndcg_at_k(items, answers).mean())

    def _likelihood(self, held_out: list[_Batch]) -> float:
        """Mean log likelihood of a cell."""
        total, n = 0.0, 0
        for batch in held_out:
            vectors, biases = product_side(self.towers_, batch.facts)
            logits = batch.offset + customer_side(self.towers_, batch.customers) @ vectors.T + biases
            total += float(log_expit(np.where(batch.bought, logits, -logits)).sum())
            n += batch.bought.size
        return total / max(n, 1)

    def _batches(self, blocks: Iterable[Cases]) -> Iterator[_Batch]:
        for block in blocks:
            customers = self.inputs_.of_customers(block.history)
            offset = self.wide_.logits(block.history, block.codes(self.wide_.affinity.encoding))
            facts = self.inputs_.of_products(block.facts)
            for row, column in product(*(range(0, n, CELLS_A_SIDE) for n in offset.shape)):
                some, part = slice(row, row + CELLS_A_SIDE), slice(column, column + CELLS_A_SIDE)
                cells = offset[some, part], block.bought[some, part]
                yield _Batch(customers[some], facts[part], block.product_rows[part], *cells)


class _Batch:
    """One step's input, made dense and of a shape that others have too when its turn comes."""

    def __init__(
        self,
        customers: sparse.csr_matrix,
        facts: sparse.csr_matrix,
        product_rows: NDArray[np.int64],
        offset: NDArray[np.float32],
        bought: NDArray[np.bool_],
    ) -> None:
        self.customers, self.facts, self.product_rows = customers, facts, product_rows
        self.offset, self.bought = offset, bought

    def noisy(self, dropout: float, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Arrays padded to full width, a share of the customers' input hidden."""
        rows, columns = CELLS_A_SIDE, _next_power(len(self.product_rows))
        customers = self.customers.copy()
        shown = rng.random(customers.nnz, dtype=np.float32) >= dropout
        customers.data = customers.data * shown / np.float32(1 - dropout)
        weights = np.zeros((rows, columns), dtype=np.float32)
        weights[: self.offset.shape[0], : self.offset.shape[1]] = 1.0 / self.offset.size
        return {
            "customers": _padded(customers.toarray(), (rows, customers.shape[1])),
            "facts": _padded(self.facts.toarray(), (columns, self.facts.shape[1])),
            "product_rows": _padded(self.product_rows, (columns,), -1),
            "offset": _padded(self.offset, (rows, columns)),
            "bought": _padded(self.bought, (rows, columns)),
            "weights": weights,
        }


def _next_power(n: int) -> int:
    """Few shapes, or the step would be compiled for every number of products."""
    return max(8, 1 << (n - 1).bit_length())


def _padded(values: NDArray[Any], shape: tuple[int, ...], filler: float = 0) -> NDArray[Any]:
    full = np.full(shape, filler, dtype=values.dtype)
    full[tuple(slice(n) for n in values.shape)] = values
    return full


def _inputs(data: InteractionMatrix, facts: Attributes, max_columns: int) -> Inputs:
    encoding = Encoding.of(facts)
    matrix = encoding.matrix(facts)
    common = np.asarray((matrix > 0).sum(axis=0)).ravel()
    columns = np.sort(np.argsort(-common, kind="stable")[:max_columns])
    traits = data.traits or Attributes(len(data.customers))
    of_traits = Encoding.of(Attributes(traits.n, traits.labels, traits.numbers), min_rows=MIN_CUSTOMERS)
    return Inputs(encoding, columns, of_traits, sparse.csr_matrix(matrix[:, columns]))


def _n_columns(encoding: Encoding) -> int:
    return sum(encoding.n_columns(kind) for kind in encoding.kinds)


@cache
def _optimiser(learning_rate: float, weight_decay: float) -> optax.GradientTransformation:
    """The same object for the same settings, so that the second fit does not compile the step again."""
    return optax.adamw(learning_rate, weight_decay=weight_decay)


def _loss(params: Params, batch: dict[str, jax.Array]) -> jax.Array:
    """Weighted logistic loss of what the regression and the towers say together."""
    customers = jax.nn.silu(batch["customers"] @ params["customer_in"] + params["customer_bias"])
    products = jax.nn.silu(batch["facts"] @ params["product_in"] + params["product_bias"]) @ params["product_out"]
    known = (batch["product_rows"] >= 0)[:, None] * params["known"][batch["product_rows"]]
    products = products + known
    logits = batch["offset"] + (customers @ params["customer_out"]) @ products[:, :-1].T + products[:, -1]
    return (batch["weights"] * optax.sigmoid_binary_cross_entropy(logits, batch["bought"])).sum()


@partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def _step(
    optimiser: optax.GradientTransformation, params: Params, state: Any, batch: dict[str, jax.Array]
) -> tuple[Params, Any, jax.Array]:
    loss, gradient = jax.value_and_grad(_loss)(params, batch)
    updates, state = optimiser.update(gradient, state, params)
    return optax.apply_updates(params, updates), state, loss
