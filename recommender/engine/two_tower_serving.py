"""The trained two-tower network in NumPy: a customer's whole history on one side, what a product is on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.encoding import Encoding, unit_rows
from recommender.engine.history import CustomerHistory, History, as_history
from recommender.engine.ids import extended
from recommender.engine.launches.affinity import HALF_LIFE_DAYS, Codes, activity, codes_of
from recommender.engine.launches.wide import Wide
from recommender.engine.space import Dimension, Real, Whole
from recommender.engine.splits import EvaluationSlice

Towers = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Inputs:
    """What the towers read.

    Attributes
    ----------
    encoding : Encoding
        Of the products' facts, without pairs.
    columns : ndarray of int64, shape (n_columns,)
        Those of the encoding that many products share.
    traits : Encoding
        Of the customers.
    facts : csr_matrix of float32, shape (n_products, n_columns)
        Of the catalogue.
    """

    encoding: Encoding
    columns: NDArray[np.int64]
    traits: Encoding
    facts: sparse.csr_matrix

    def of_products(self, facts: Attributes) -> sparse.csr_matrix:
        """Columns of any products, shape (n, n_columns)."""
        return sparse.csr_matrix(self.encoding.matrix(facts)[:, self.columns])

    def of_customers(self, history: CustomerHistory) -> sparse.csr_matrix:
        """Aged purchases and opinions by column, traits and activity, side by side.

        Returns
        -------
        csr_matrix of float32, shape (n_customers, 2 * n_columns + n_traits + 4)
        """
        n = history.shape[1]
        log = history.dated()
        bought = log.matrix(n, half_life_days=HALF_LIFE_DAYS).log1p() @ self.facts
        opinions = sparse.csr_matrix(bought.shape, dtype=np.float32)
        if history.ratings is not None:
            opinions = history.ratings.matrix(n, half_life_days=HALF_LIFE_DAYS) @ self.facts
        traits = self.traits.matrix(history.traits or Attributes(len(history)))
        how_active = sparse.csr_matrix(np.stack(activity(log, n), axis=1) / 5.0)
        blocks = [unit_rows(bought.log1p()), unit_rows(sparse.csr_matrix(opinions)), traits, how_active]
        return sparse.hstack(blocks, format="csr", dtype=np.float32)


class TwoTowerScorer(Recommender):
    """A fitted two-tower network that scores; ``two_tower.TwoTower`` is the one that learns.

    Log odds of a purchase: a logistic regression on what the customer bought of the product's kinds (``Wide``), plus
    the product of two vectors, one made of the customer's history, one of the product's facts and, where the product
    has been sold, of its own key. The vectors only add to what the regression says, and begin at nothing.

    Parameters
    ----------
    n_factors, n_hidden : int
        Lengths of the vectors, and of the layer before.
    max_columns : int
        Values of facts that the towers tell apart, the most common.
    strength : float
        Of the regression: the inverse of its ridge.
    hidden_share : float
        Share (0–1) of the products, learnt from as if they were new.
    input_dropout : float
        Share (0–1) of a customer's input hidden while learning.
    learning_rate, weight_decay : float
        Of Adam with decoupled L2 decay.
    window_days : int
        What is bought within so many days is learnt from.
    max_products : int
        Drawn to learn from, at most.
    max_epochs, patience : int
        Passes at most; passes without a better validation before stopping. No pass at all is the regression alone.
    random_state : int

    Attributes
    ----------
    wide_ : Wide
    inputs_ : Inputs
    towers_ : mapping of str to ndarray of float32
        Layers of both sides, and a vector and a bias a product.
    n_epochs_ : int
        Passes behind ``towers_``.

    References
    ----------
    Cheng et al.: Wide & Deep Learning for Recommender Systems, DLRS 2016.
    Volkovs, Yu, Poutanen: DropoutNet: Addressing Cold Start in Recommender Systems, NeurIPS 2017.
    Yi et al.: Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations, RecSys 2019.
    """

    kind = "two_tower"
    space: ClassVar[dict[str, Dimension]] = {
        "n_factors": Whole(8, 64, log=True),
        "strength": Real(1e-4, 1.0, log=True),
        "hidden_share": Real(0.1, 0.9),
        "input_dropout": Real(0.0, 0.7),
        "weight_decay": Real(1e-4, 1.0, log=True),
        "learning_rate": Real(3e-4, 1e-2, log=True),
    }

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter by name)
        self,
        *,
        n_factors: int = 16,
        n_hidden: int = 32,
        max_columns: int = 2000,
        strength: float = 3e-4,
        hidden_share: float = 0.1,
        input_dropout: float = 0.5,
        learning_rate: float = 5e-4,
        weight_decay: float = 0.5,
        window_days: int = 28,
        max_products: int = 2048,
        max_epochs: int = 4,
        patience: int = 2,
        random_state: int = 0,
    ) -> None:
        self.n_factors = n_factors
        self.n_hidden = n_hidden
        self.max_columns = max_columns
        self.strength = strength
        self.hidden_share = hidden_share
        self.input_dropout = input_dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.window_days = window_days
        self.max_products = max_products
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
        raise NotImplementedError("fit recommender.engine.two_tower.TwoTower instead")

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Log odds for the whole catalogue."""
        wide = self._fitted("wide_")
        vectors, biases = product_side(self.towers_, self.inputs_.facts)
        known = self.towers_["known"]
        vectors, biases = vectors + known[:, :-1], biases + known[:, -1]
        return self._with_customers(history, wide.affinity.codes, vectors, biases)

    def score_new(self, history: History, facts: Attributes) -> NDArray[np.float32]:
        """Score products that were not there when this was fitted, from their facts alone.

        Parameters
        ----------
        history : CustomerHistory or csr_matrix of float32, shape (n_customers, n_products)
        facts : Attributes
            A row each new product.

        Returns
        -------
        ndarray of float32, shape (n_customers, len(facts))
            Log odds; comparable between customers and products.
        """
        codes = codes_of(self._fitted("wide_").affinity.encoding, facts)
        vectors, biases = product_side(self.towers_, self.inputs_.of_products(facts))
        return self._with_customers(as_history(history), codes, vectors, biases)

    def with_products(self, ids: NDArray[np.int64], facts: Attributes) -> Self:
        """The same network over a larger catalogue; what is new is scored by its facts until the next fit.

        Parameters
        ----------
        ids : ndarray of int64, shape (n_new,)
            Keys that the catalogue does not have yet.
        facts : Attributes
            Theirs, in the same order.

        Raises
        ------
        ValueError
            When a key is known already or given twice.
        """
        wide, towers = self._fitted("wide_"), dict(self.towers_)
        merged, order = extended(self.product_ids_, ids)
        unknown = np.zeros((len(ids), towers["known"].shape[1]), dtype=np.float32)
        towers["known"] = np.vstack([towers["known"], unknown])[order]
        wider = type(self)(**self.get_params())
        wider.product_ids_, wider.towers_, wider.n_epochs_ = merged, towers, self.n_epochs_
        wider.wide_ = wide.with_products(facts, order)
        both = sparse.vstack([self.inputs_.facts, self.inputs_.of_products(facts)], format="csr")
        wider.inputs_ = Inputs(self.inputs_.encoding, self.inputs_.columns, self.inputs_.traits, both[order])
        wider.learning_curve_ = list(self.learning_curve_)
        return wider

    def _with_customers(
        self, history: CustomerHistory, codes: Codes, vectors: NDArray[np.float32], biases: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        customers = customer_side(self.towers_, self.inputs_.of_customers(history))
        scores: NDArray[np.float32] = self.wide_.logits(history, codes)
        scores += customers @ vectors.T + biases
        return scores

    def to_artefact(self) -> Artefact:
        """Parameters, columns, product keys, facts, the regression and the towers."""
        wide, arrays = self._fitted("wide_").to_parts()
        inputs, facts = self.inputs_, self.inputs_.facts
        arrays |= {f"tower_{name}": values for name, values in self.towers_.items()}
        arrays |= {"product_ids": self.product_ids_, "columns": inputs.columns}
        arrays |= {"facts_data": facts.data, "facts_indices": facts.indices, "facts_indptr": facts.indptr}
        learnt: dict[str, Any] = {"wide": wide, "n_epochs": self.n_epochs_}
        learnt |= {"encoding": inputs.encoding.to_params(), "traits": inputs.traits.to_params()}
        return Artefact(self.kind, {**self.get_params(), "learnt": learnt}, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted network again."""
        params, arrays = dict(artefact.params), artefact.arrays
        learnt = params.pop("learnt")
        loaded = cls(**params)
        loaded.product_ids_, loaded.n_epochs_ = arrays["product_ids"], int(learnt["n_epochs"])
        loaded.wide_ = Wide.from_parts(learnt["wide"], arrays)
        cells = (arrays["facts_data"], arrays["facts_indices"], arrays["facts_indptr"])
        facts = sparse.csr_matrix(cells, shape=(len(loaded.product_ids_), len(arrays["columns"])))
        traits = Encoding.from_params(learnt["traits"])
        loaded.inputs_ = Inputs(Encoding.from_params(learnt["encoding"]), arrays["columns"], traits, facts)
        prefix = "tower_"
        loaded.towers_ = {name[len(prefix) :]: arrays[name] for name in arrays if name.startswith(prefix)}
        loaded.learning_curve_ = []
        return loaded

    wide_: Wide
    inputs_: Inputs
    towers_: Towers
    n_epochs_: int


def customer_side(towers: Towers, x: sparse.csr_matrix) -> NDArray[np.float32]:
    """Vectors of customers, shape (n, n_factors) float32.

    Parameters
    ----------
    towers : mapping of str to ndarray of float32
    x : csr_matrix of float32, shape (n, n_inputs)
        As ``Inputs.of_customers`` returns it.
    """
    hidden = _silu(np.asarray(x @ towers["customer_in"]) + towers["customer_bias"])
    return np.asarray(hidden @ towers["customer_out"], dtype=np.float32)


def product_side(towers: Towers, x: sparse.csr_matrix) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors, shape (n, n_factors), and biases, shape (n,), of products by their facts alone.

    Parameters
    ----------
    towers : mapping of str to ndarray of float32
    x : csr_matrix of float32, shape (n, n_columns)
        As ``Inputs.of_products`` returns it.
    """
    hidden = _silu(np.asarray(x @ towers["product_in"]) + towers["product_bias"])
    both = hidden @ towers["product_out"]
    return both[:, :-1], both[:, -1]


def _silu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(x / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))), dtype=np.float32)
