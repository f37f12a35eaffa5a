"""Prod2vec that learns where attributes stand, too, so that a product without purchases has a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
from gensim.models import Word2Vec
from numpy.typing import NDArray

from recommender.engine.attributes import Attributes
from recommender.engine.base import Artefact, Progress
from recommender.engine.ids import IdMap
from recommender.engine.prod2vec import Prod2Vec

PRICE_BANDS = 5
SEPARATOR = "="


class MetaProd2Vec(Prod2Vec):
    """Skip-gram over baskets in which a product now and then stands under one of its attributes.

    So products predict attributes of their company, attributes predict products, and both lie in one space: the sum
    of losses of meta-prod2vec, drawn at random instead of added up, at the price of plain prod2vec.

    Parameters
    ----------
    attribute_share : float
        How often (0-1) a product stands under an attribute.
    dimensions, window, min_baskets, epochs, learning_rate, random_state
        As in ``Prod2Vec``.

    Attributes
    ----------
    attributes_ : ndarray of str, shape (n_attributes,)
    attribute_vectors_ : ndarray of float32, shape (n_attributes, dimensions)
        Rows of length 1.

    References
    ----------
    Vasile, Smirnova, Conneau: Meta-Prod2Vec: Product Embeddings Using Side-Information, RecSys 2016.
    """

    kind = "meta_prod2vec"

    def __init__(
        self,
        *,
        attribute_share: float = 0.3,
        dimensions: int = 32,
        window: int = 5,
        min_baskets: int = 50,
        epochs: int = 4,
        learning_rate: float = 0.05,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            dimensions=dimensions,
            window=window,
            min_baskets=min_baskets,
            epochs=epochs,
            learning_rate=learning_rate,
            random_state=random_state,
        )
        self.attribute_share = attribute_share

    def fit(
        self,
        baskets: list[NDArray[np.int64]],
        *,
        progress: Progress | None = None,
        products: IdMap | None = None,
        facts: Attributes | None = None,
    ) -> Self:
        """Learn a vector for all that stands in at least ``min_baskets`` baskets: products under their own name, and
        attributes.

        Parameters
        ----------
        baskets, progress
            As in ``Prod2Vec.fit``.
        products : IdMap, optional
            Keys of the rows of ``facts``.
        facts : Attributes, optional
            What is known of the products; without, this is plain prod2vec.

        Raises
        ------
        TooFewBaskets
        """
        self._sides = {} if products is None or facts is None else sides(products, facts)
        super().fit(baskets, progress=progress)
        del self._sides
        return self

    def place(self, known: list[tuple[str, ...]]) -> NDArray[np.float32]:
        """Where products stand by their attributes alone.

        Parameters
        ----------
        known : list of tuple of str
            Attributes of each product, as ``sides`` names them.

        Returns
        -------
        ndarray of float32, shape (len(known), dimensions)
            Rows of length 1; of length 0 where no attribute was ever seen.
        """
        rows = {name: row for row, name in enumerate(self.attributes_.tolist())}
        sums = np.zeros((len(known), self.dimensions), dtype=np.float32)
        for number, names in enumerate(known):
            for name in names:
                if name in rows:
                    sums[number] += self.attribute_vectors_[rows[name]]
        return _unit(sums)

    def to_artefact(self) -> Artefact:
        """As prod2vec, with the attributes, whose names are JSON."""
        plain = super().to_artefact()
        params = {**plain.params, "attributes": self.attributes_.tolist()}
        return Artefact(self.kind, params, {**plain.arrays, "attribute_vectors": self.attribute_vectors_})

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The learnt vectors again."""
        params = dict(artefact.params)
        names = params.pop("attributes")
        loaded = super().from_artefact(Artefact(artefact.kind, params, artefact.arrays))
        loaded.attributes_ = np.array(names, dtype=str)
        loaded.attribute_vectors_ = artefact.arrays["attribute_vectors"]
        return loaded

    def _sentences(self, baskets: list[NDArray[np.int64]]) -> list[list[str]]:
        rng = np.random.default_rng(self.random_state)
        return [list(self._worded(basket, rng)) for basket in super()._sentences(baskets)]

    def _worded(self, basket: list[str], rng: np.random.Generator) -> Iterator[str]:
        drawn = rng.random(len(basket))
        for product, chance in zip(basket, drawn.tolist(), strict=True):
            names = self._sides.get(product, ())
            under = bool(names) and chance < self.attribute_share
            # What is left of the draw, below the share, picks the attribute.
            yield names[int(chance / self.attribute_share * len(names))] if under else product

    def _keep(self, model: Word2Vec) -> None:
        words = model.wv.index_to_key
        is_side = np.array([SEPARATOR in word for word in words], dtype=bool)
        self.attributes_: NDArray[np.str_] = np.array([word for word in words if SEPARATOR in word], dtype=str)
        self.attribute_vectors_: NDArray[np.float32] = _unit(model.wv.vectors[is_side])
        super()._keep(model)


def sides(products: IdMap, facts: Attributes) -> dict[str, tuple[str, ...]]:
    """Names of the attributes of every product that has any, by the product's key in words.

    A price counts as one of five bands with as many products each.

    Parameters
    ----------
    products : IdMap
    facts : Attributes
        Rows as ``products``.
    """
    columns: dict[str, NDArray[Any]] = dict(facts.labels)
    if "price" in facts.numbers:
        columns["price"] = _bands(facts.numbers["price"])
    return dict(_named(products, columns))


def _named(products: IdMap, columns: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for row, product in enumerate(products.ids.tolist()):
        names = tuple(f"{name}{SEPARATOR}{values[row]}" for name, values in columns.items() if values[row])
        if names:
            yield str(product), names


def _bands(prices: NDArray[np.float32]) -> NDArray[np.str_]:
    known = np.isfinite(prices)
    bands = np.full(len(prices), "", dtype="U2")
    if known.any():
        borders = np.quantile(prices[known], np.linspace(0, 1, PRICE_BANDS + 1)[1:-1])
        bands[known] = (1 + np.searchsorted(borders, prices[known])).astype(str)
    return bands


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
