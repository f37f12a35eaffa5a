"""The deep autoencoder (Mult-DAE, Mult-VAE) with a direct path beside the deep one, learnt with JAX."""

from __future__ import annotations

from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from recommender.engine.autoencoder_serving import AutoencoderScorer, encoded, forward
from recommender.engine.base import Progress
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.networks.judging import Judges, held_out_judges
from recommender.engine.networks.links import solved_links
from recommender.engine.networks.network import Schooling, affordable_passes, batch_size_for, passes
from recommender.engine.splits import EvaluationSlice

# For the most bought product; tried on a smaller head, for every one costs a solution.
RIDGES = (30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0)
RIDGE_HEAD = 2000
# Where nobody can choose.
RIDGE, ONLY_DEEP = 300.0, (0.0, 0.0)
# In standard deviations of the deep path's logits. The last one all but silences it.
GATES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 32.0)


class Autoencoder(AutoencoderScorer):
    """Learns to restore a customer's purchases from a part of them.

    The deep path learns what kind of customer somebody is; it is narrow, so it forgets which two products go
    together. The direct path remembers just that. How much each one says, and how much a product in the history speaks
    for itself, is chosen by ``validation``; without one, a tenth of the customers is held out to choose by, and a
    fifth of the products of each is to be found. See ``AutoencoderScorer`` for the parameters.

    References
    ----------
    Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW 2018.
    Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019 (the direct path).
    Cheng et al.: Wide & Deep Learning for Recommender Systems, DLRS 2016.
    """

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn; keep the best pass by validation. What is ``settled`` runs ``max_epochs`` passes on everybody."""
        buyers = data.customers_per_product()
        self.product_ids_ = data.products.ids
        self.popularity_ = (buyers / max(len(data.customers), 1)).astype(np.float32)
        self.head_ = np.sort(np.argsort(-buyers, kind="stable")[: self.max_products])
        self.learning_curve_: list[dict[str, float]] = []
        rng = np.random.default_rng(self.random_state)
        matrix, judges = data.matrix, None if validation is None else Judges.of(validation)
        if judges is None and (self.ridge is None or self.gates is None):
            others, judges = held_out_judges(data, rng)
            matrix = matrix[others]
        self._learn(matrix, judges, rng, progress)
        if matrix.shape[0] < data.matrix.shape[0]:
            # Solving again with those who judged costs seconds; learning again would double the time.
            self.links_ = self._solved(data.matrix)
        return self

    def settled(self) -> Self:
        """An unfitted copy that keeps what validation decided: passes, ridge and gates."""
        passes_ = self._fitted("n_epochs_")
        return clone(self).set_params(max_epochs=passes_, ridge=self.ridge_, gates=self.gates_)

    def _learn(
        self, matrix: sparse.csr_matrix, judges: Judges | None, rng: np.random.Generator, progress: Progress | None
    ) -> None:
        self.ridge_ = self.ridge if self.ridge is not None else self._chosen_ridge(matrix, judges)
        self.links_ = self._solved(matrix)
        self._pass_by_pass(encoded(matrix), judges, rng, progress)
        self.gates_ = self.gates if self.gates is not None else self._chosen_gates(judges)

    def _solved(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        linked = self._most_bought(self.max_linked)
        among = solved_links(_bought(matrix[:, self.head_[linked]]), self.ridge_, self.max_links).tocoo()
        size = (len(self.head_), len(self.head_))
        return sparse.csr_matrix((among.data, (linked[among.row], linked[among.col])), shape=size)

    def _most_bought(self, n: int) -> NDArray[np.int64]:
        """Places in ``head_``, ascending."""
        return np.sort(np.argsort(-self.popularity_[self.head_], kind="stable")[:n])

    def _pass_by_pass(
        self, inputs: sparse.csr_matrix, judges: Judges | None, rng: np.random.Generator, progress: Progress | None
    ) -> None:
        best, schooling, sizes = -np.inf, self._schooling(inputs.shape[0]), tuple(self.hidden_sizes)
        most = min(self.max_epochs, affordable_passes(inputs, len(self.head_), sizes[0], schooling.batch_size))
        learning = passes(inputs, self.head_, sizes, schooling, rng)
        for epoch, (layers, loss) in enumerate(islice(learning, most), start=1):
            if progress is not None:
                progress(epoch, most)
            point = {"epoch": float(epoch), "loss": loss}
            if judges is not None:
                logits = forward(layers, encoded(judges.weights))
                point["validation_ndcg"] = judges.quality(logits, self.head_)
            self.learning_curve_.append(point)
            # Without judges the last pass is the best one.
            quality = point.get("validation_ndcg", float(epoch))
            if quality > best:
                best, self.layers_, self.n_epochs_ = quality, layers, epoch
            elif epoch - self.n_epochs_ >= self.patience:
                break

    def _schooling(self, n_customers: int) -> Schooling:
        return Schooling(
            input_dropout=self.input_dropout,
            weight_decay=self.weight_decay,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size or batch_size_for(n_customers),
            kl_weight=self.kl_weight,
        )

    def _chosen_ridge(self, matrix: sparse.csr_matrix, judges: Judges | None) -> float:
        if judges is None:
            return RIDGE
        columns = self.head_[self._most_bought(min(RIDGE_HEAD, self.max_linked))]
        bought, x = _bought(matrix[:, columns]), encoded(judges.weights)[:, columns]
        solved = {ridge: (x @ solved_links(bought, ridge, self.max_links)).toarray() for ridge in RIDGES}
        return max(RIDGES, key=lambda ridge: judges.quality(solved[ridge], columns))

    def _chosen_gates(self, judges: Judges | None) -> tuple[float, float]:
        """One gate after the other: of what the customer has of the product, of the links, and the first again."""
        if judges is None:
            return ONLY_DEEP
        x = encoded(judges.weights)
        known = x[:, self.head_]
        deep, direct, own = forward(self.layers_, x), (known @ self.links_).toarray(), known.toarray()
        units = deep.std() / np.array([max(direct.std(), 1e-6), np.sqrt(max((known.data**2).mean(), 1e-6))])
        owns = (0.0,) if judges.first_only else GATES

        def quality(links: float, itself: float) -> float:
            return judges.quality(deep + links * units[0] * direct + itself * units[1] * own, self.head_)

        itself = max(owns, key=lambda gate: quality(0.0, gate))
        links = max(GATES, key=lambda gate: quality(gate, itself))
        itself = max(owns, key=lambda gate: quality(links, gate))
        return float(links * units[0]), float(itself * units[1])


def _bought(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    return (matrix > 0).astype(np.float32).tocsr()
