"""The trained autoencoder's forward pass in NumPy: serving needs no learning library."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, History, as_history
from recommender.engine.ids import IdMap
from recommender.engine.space import OneOf, Real
from recommender.engine.splits import EvaluationSlice

# Small, so that the deep part corrects the shallow one instead of drowning it while both are young.
RESIDUAL_GAIN = 0.03
# Below it a change of a logit is rounding.
LEAST_DROP = 1e-4

ALL = slice(None)

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


class AutoencoderScorer(Recommender):
    """A fitted autoencoder that scores; ``autoencoder.Autoencoder`` is the one that learns.

    Three paths lead from a history to the logit of a product, and their sum ranks: the deep one (a denoising
    autoencoder), the direct one (links from product to product, without self-connections, times a gate) and what the
    customer has of the product itself (times another gate).

    Parameters
    ----------
    hidden_sizes : sequence of int
        Widths from the input to the middle; the way back mirrors them. Equal neighbours make residual layers.
    max_products : int
        The network ranks the most bought products, at most so many; all others stand behind them by popularity. Any
        product may be in the input.
    max_linked, max_links : int
        Most bought products with direct links, and links kept towards each of them.
    ridge : float, optional
        Of the direct links, see ``links.solved_links``; chosen by validation where not given.
    gates : (float, float), optional
        Of the direct links and of the product itself; chosen by validation where not given.
    input_dropout : float
        Share (0–1) of a customer's history hidden while learning: the noise to be removed.
    kl_weight : float
        0 makes a Mult-DAE; above 0 a Mult-VAE, and this is the weight of its divergence, after annealing.
    weight_decay, learning_rate : float
        Of Adam with decoupled L2 decay.
    batch_size : int, optional
        Customers a step; by the number of customers where not given, see ``network.batch_size_for``.
    max_epochs, patience : int
        Passes at most, fewer where ``network.affordable_passes`` says so; passes without a better validation before
        stopping.
    random_state : int

    Attributes
    ----------
    layers_ : list of (weights, bias)
        ``weights`` float32 (n_in, n_out), ``bias`` float32 (n_out,).
    links_ : csr_matrix of float32, shape (n_ranked, n_ranked)
    gates_ : (float, float)
    ridge_ : float
    head_ : ndarray of int64, shape (n_ranked,)
        Product rows the network ranks, ascending.
    popularity_ : ndarray of float32, shape (n_products,)
        Share (0–1) of customers; ranks the products outside ``head_``.
    n_epochs_ : int
        Passes behind ``layers_``.
    """

    kind = "autoencoder"
    space = {
        "input_dropout": Real(0.2, 0.8),
        "learning_rate": Real(0.0005, 0.005, log=True),
        "weight_decay": Real(0.001, 0.1, log=True),
        "kl_weight": OneOf((0.0, 0.05, 0.2)),
    }

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter by name)
        self,
        *,
        hidden_sizes: tuple[int, ...] = (200, 200),
        max_products: int = 6000,
        max_linked: int = 4000,
        max_links: int = 400,
        ridge: float | None = None,
        gates: tuple[float, float] | None = None,
        input_dropout: float = 0.5,
        kl_weight: float = 0.0,
        weight_decay: float = 0.01,
        learning_rate: float = 0.002,
        batch_size: int | None = None,
        max_epochs: int = 30,
        patience: int = 3,
        random_state: int = 0,
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.max_products = max_products
        self.max_linked = max_linked
        self.max_links = max_links
        self.ridge = ridge
        self.gates = gates
        self.input_dropout = input_dropout
        self.kl_weight = kl_weight
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.random_state = random_state

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Not here: learning needs JAX, which serving processes do not load."""
        raise NotImplementedError("fit recommender.engine.autoencoder.Autoencoder instead")

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Logits of the ranked products, all others below them."""
        logits = self._logits(encoded(history.weights))
        scores = np.empty(history.shape, dtype=np.float32)
        scores[:] = self.popularity_ + (logits.min(axis=1, keepdims=True) - 2.0)
        scores[:, self.head_] = logits
        return scores

    def _logits(self, x: sparse.csr_matrix) -> NDArray[np.float32]:
        links, own = self.gates_
        known = x[:, self.head_]
        return forward(self.layers_, x) + (known @ self.links_ * links + known * own).toarray()

    def because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """The purchase without which the logit falls most; exact, every purchase is taken out in turn."""
        ranked = IdMap(self._fitted("head_")).rows_of(items)
        damped = as_history(history).weights.log1p().tocsr().astype(np.float32)
        named = np.full(items.shape, -1, dtype=np.int64)
        for row in range(len(items)):
            own = damped[row]
            speaks = np.flatnonzero(ranked[row] >= 0)
            if own.nnz and len(speaks):
                drops = self._drops(own, ranked[row][speaks])
                best = drops.argmax(axis=0)
                sure = drops[best, np.arange(len(speaks))] > LEAST_DROP
                named[row, speaks[sure]] = own.indices[best[sure]]
        return named

    def _drops(self, own: sparse.csr_matrix, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """How far each logit falls without each purchase, shape (n_purchases, n_places)."""
        u = own.data[:, None]
        squared = float(own.data @ own.data)
        # A customer without any purchase left has no direction: the input is 0, not 0 over 0.
        lengths = np.sqrt(np.append(squared - own.data**2, squared))[:, None]
        alone = lengths < 1e-3 * np.sqrt(squared)
        scale = np.where(alone, 0.0, 1.0 / np.maximum(lengths, 1e-12)).astype(np.float32)
        coded = _without_each(u * self.layers_[0][0][own.indices])
        direct = _without_each(u * self._direct(own.indices, places))
        logits = decoded(self.layers_, coded * scale + self.layers_[0][1], places) + direct * scale
        return np.asarray(logits[-1] - logits[:-1], dtype=np.float32)

    def _direct(self, purchases: NDArray[np.int32], places: NDArray[np.int64]) -> NDArray[np.float32]:
        """What a unit of each purchase adds to each logit by the two direct paths."""
        links, own = self.gates_
        rows = IdMap(self.head_).rows_of(purchases.astype(np.int64))
        linked = self.links_[np.maximum(rows, 0)][:, places].toarray() * links
        return np.where(rows[:, None] >= 0, linked + own * (rows[:, None] == places), 0.0).astype(np.float32)

    def to_artefact(self) -> Artefact:
        """Parameters, product keys, gates and the weights of all paths."""
        arrays = {"product_ids": self._fitted("product_ids_"), "head": self.head_, "popularity": self.popularity_}
        for number, (weights, bias) in enumerate(self.layers_):
            arrays[f"weights_{number}"], arrays[f"bias_{number}"] = weights, bias
        arrays |= {"links": self.links_.data, "links_to": self.links_.indices, "links_from": self.links_.indptr}
        settled = {"n_epochs": self.n_epochs_, "settled_ridge": self.ridge_, "settled_gates": list(self.gates_)}
        return Artefact(self.kind, {**self.get_params(), **settled}, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted network again."""
        params = dict(artefact.params)
        n_epochs, ridge = int(params.pop("n_epochs")), float(params.pop("settled_ridge"))
        links, own = params.pop("settled_gates")
        # JSON knows no tuples.
        gates = None if params["gates"] is None else tuple(params["gates"])
        loaded = cls(**{**params, "hidden_sizes": tuple(params["hidden_sizes"]), "gates": gates})
        arrays = artefact.arrays
        n_layers = sum(name.startswith("weights_") for name in arrays)
        loaded.layers_ = [(arrays[f"weights_{i}"], arrays[f"bias_{i}"]) for i in range(n_layers)]
        loaded.product_ids_, loaded.head_ = arrays["product_ids"], arrays["head"]
        loaded.popularity_, loaded.n_epochs_ = arrays["popularity"], n_epochs
        cells = (arrays["links"], arrays["links_to"], arrays["links_from"])
        loaded.links_ = sparse.csr_matrix(cells, shape=(len(loaded.head_), len(loaded.head_)))
        loaded.gates_, loaded.ridge_ = (float(links), float(own)), ridge
        loaded.learning_curve_ = []
        return loaded

    layers_: list[Layer]
    links_: sparse.csr_matrix
    gates_: tuple[float, float]
    ridge_: float
    head_: NDArray[np.int64]
    popularity_: NDArray[np.float32]
    n_epochs_: int


def _without_each(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sum of the rows without each of them in turn, and in the last row the sum of all."""
    whole = parts.sum(axis=0)
    return np.vstack([whole - parts, whole])


def encoded(history: sparse.csr_matrix) -> sparse.csr_matrix:
    """The network's input: log1p of the weights, every row scaled to length 1.

    Parameters
    ----------
    history : csr_matrix of float32, shape (n, m)

    Returns
    -------
    csr_matrix of float32, shape (n, m)
    """
    damped = history.log1p().tocsr().astype(np.float32)
    length = np.sqrt(np.asarray(damped.multiply(damped).sum(axis=1), dtype=np.float32).ravel())
    scale = sparse.diags_array(1.0 / np.maximum(length, 1e-12), dtype=np.float32)
    return sparse.csr_matrix(scale @ damped)


def forward(layers: list[Layer], x: sparse.csr_matrix) -> NDArray[np.float32]:
    """Logits of the ranked products by the deep path; layers between that keep the width are residual.

    Parameters
    ----------
    layers : list of (weights, bias)
    x : csr_matrix of float32, shape (n, m)
        As ``encoded`` returns it.

    Returns
    -------
    ndarray of float32, shape (n, n_ranked)
    """
    weights, bias = layers[0]
    return decoded(layers, np.asarray(x @ weights) + bias)


def decoded(
    layers: list[Layer], coded: NDArray[np.float32], places: NDArray[np.int64] | slice = ALL
) -> NDArray[np.float32]:
    """Logits of some of the ranked products from what the first layer gives, shape (n, n_places)."""
    activation = coded
    for weights, bias in layers[1:-1]:
        change = np.tanh(activation) @ weights + bias
        activation = activation + RESIDUAL_GAIN * change if change.shape == activation.shape else change
    weights, bias = layers[-1]
    return np.asarray(np.tanh(activation) @ weights[:, places] + bias[places], dtype=np.float32)
