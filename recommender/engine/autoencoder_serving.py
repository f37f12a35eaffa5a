"""The trained autoencoder's forward pass in NumPy: serving needs no learning library."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory
from recommender.engine.splits import EvaluationSlice

# Small, so that the deep part corrects the shallow one instead of drowning it while both are young.
RESIDUAL_GAIN = 0.03

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


class AutoencoderScorer(Recommender):
    """A fitted denoising autoencoder that scores; ``autoencoder.Autoencoder`` is the one that learns.

    Parameters
    ----------
    hidden_sizes : sequence of int
        Widths from the input to the middle; the way back mirrors them. Equal neighbours make residual layers.
    max_products : int
        The network models the most bought products, at most so many; all others rank behind them by popularity.
    input_dropout : float
        Share (0–1) of a customer's history hidden while learning: the noise to be removed.
    weight_decay, learning_rate : float
        Of Adam with decoupled L2 decay.
    batch_size, max_epochs, patience : int
        Customers a step; passes at most; passes without a better validation before stopping.
    random_state : int

    Attributes
    ----------
    layers_ : list of (weights, bias)
        ``weights`` float32 (n_in, n_out), ``bias`` float32 (n_out,).
    head_ : ndarray of int64, shape (n_modelled,)
        Product rows the network knows, ascending.
    popularity_ : ndarray of float32, shape (n_products,)
        Share (0–1) of customers; ranks the products outside ``head_``.
    n_epochs_ : int
        Passes behind ``layers_``.
    """

    kind = "autoencoder"

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter by name)
        self,
        *,
        hidden_sizes: tuple[int, ...] = (600, 600),
        max_products: int = 6000,
        input_dropout: float = 0.3,
        weight_decay: float = 0.01,
        learning_rate: float = 0.004,
        batch_size: int = 256,
        max_epochs: int = 20,
        patience: int = 3,
        random_state: int = 0,
    ) -> None:
        self.hidden_sizes = hidden_sizes
        self.max_products = max_products
        self.input_dropout = input_dropout
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
        """Logits of the next purchase for the modelled products, all others below them."""
        head = self._fitted("head_")
        logits = forward(self.layers_, encoded(history.weights[:, head]))
        scores = np.empty(history.shape, dtype=np.float32)
        scores[:] = self.popularity_ + (logits.min(axis=1, keepdims=True) - 2.0)
        scores[:, head] = logits
        return scores

    def to_artefact(self) -> Artefact:
        """Parameters, product keys and weights."""
        arrays = {"product_ids": self._fitted("product_ids_"), "head": self.head_, "popularity": self.popularity_}
        for number, (weights, bias) in enumerate(self.layers_):
            arrays[f"weights_{number}"], arrays[f"bias_{number}"] = weights, bias
        params = {**self.get_params(), "hidden_sizes": list(self.hidden_sizes)}
        return Artefact(self.kind, {**params, "n_epochs": self.n_epochs_}, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted network again."""
        params = dict(artefact.params)
        n_epochs = int(params.pop("n_epochs"))
        loaded = cls(**{**params, "hidden_sizes": tuple(params["hidden_sizes"])})
        arrays = artefact.arrays
        n_layers = sum(name.startswith("weights_") for name in arrays)
        loaded.layers_ = [(arrays[f"weights_{i}"], arrays[f"bias_{i}"]) for i in range(n_layers)]
        loaded.product_ids_, loaded.head_ = arrays["product_ids"], arrays["head"]
        loaded.popularity_, loaded.n_epochs_ = arrays["popularity"], n_epochs
        loaded.learning_curve_ = []
        return loaded

    layers_: list[Layer]
    head_: NDArray[np.int64]
    popularity_: NDArray[np.float32]
    n_epochs_: int


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
    """Logits of the modelled products; layers that keep the width are residual.

    Parameters
    ----------
    layers : list of (weights, bias)
    x : csr_matrix of float32, shape (n, m)
        As ``encoded`` returns it.

    Returns
    -------
    ndarray of float32, shape (n, m)
    """
    (weights, bias), *rest = layers
    activation = np.asarray(x @ weights) + bias
    for weights, bias in rest:
        change = np.tanh(activation) @ weights + bias
        activation = activation + RESIDUAL_GAIN * change if change.shape == activation.shape else change
    return activation
