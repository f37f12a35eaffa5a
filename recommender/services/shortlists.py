"""What a shard's customers would be shown, as rows: the few that pages list, and the longer list that requests use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loyalty.models import Product
from loyalty.services.copying import array_literal
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.neighbours import ItemNeighbours
from recommender.engine.reasons import Evidence
from recommender.services.newcomers import Listed
from recommender.services.wording import LONGEST_NAME, bought, new_in_the_shop, of_trait, percent

# Below this share of buyers who came back, a product is bought once: who has it needs no second one.
REPEAT_SHARE = 0.05
DONE_WITH_KEPT = 500
# The stamp of a list that may lack purchases: no customer ever has it.
UNKNOWN = "?"
RECOMMENDATION = ("customer_id", "product_id", "model_version_id", "rank", "score", "reason", "made_at")
SHORTLIST = (
    "customer_id", "model_version_id", "run_id", "product_ids", "scores", "because_ids", "times_bought",
    "last_bought_on", "done_with_ids", "traits", "new_ids", "stamp", "made_at",
)  # fmt: skip


@dataclass(frozen=True)
class Scored:
    """A shard, scored: rows by customer, columns by place."""

    history: InteractionMatrix
    lists: Listed
    found: Evidence

    def places(self, row: int) -> list[int]:
        return np.flatnonzero(self.lists.product_ids[row] >= 0).tolist()


def recommendation_rows(scored: Scored, *, version_id: int, k: int, at: datetime) -> Iterator[tuple[Any, ...]]:
    lists, names = scored.lists, _names(scored.lists.because_ids[:, :k])
    for row, customer_id in enumerate(scored.history.customers.ids.tolist()):
        for place in scored.places(row)[:k]:
            told = reason(
                *scored.found.cell(row, place),
                because=names.get(int(lists.because_ids[row, place]), ""),
                trait=lists.traits[row, place] or "",
                is_new=bool(lists.is_new[row, place]),
            )
            product_id, score = int(lists.product_ids[row, place]), float(lists.scores[row, place])
            yield customer_id, product_id, version_id, place + 1, score, told, at


def shortlist_rows(
    scored: Scored,
    known: ItemNeighbours,
    stamps: Mapping[int, str] | None,
    *,
    version_id: int,
    run_id: int,
    at: datetime,
) -> Iterator[tuple[Any, ...]]:
    lists, done_with = scored.lists, _done_with(scored.history, known)
    for row, customer_id in enumerate(scored.history.customers.ids.tolist()):
        cells = scored.places(row)
        evidence = [scored.found.cell(row, place) for place in cells]
        arrays = (
            lists.product_ids[row, cells].tolist(),
            lists.scores[row, cells].tolist(),
            lists.because_ids[row, cells].tolist(),
            [times for times, _, _ in evidence],
            [last for _, last, _ in evidence],
            done_with[row],
            _texts(lists.traits[row, cells].tolist()),
            lists.product_ids[row][lists.is_new[row]].tolist(),
        )
        stamp = UNKNOWN if stamps is None else stamps.get(customer_id, "")
        yield customer_id, version_id, run_id, *map(array_literal, arrays), stamp, at


def _done_with(history: InteractionMatrix, known: ItemNeighbours) -> list[list[int]]:
    """By customer the products they have and need no second time, the newest first."""
    assert history.log is not None
    rows = known.rows_of(history.products.ids)
    once = np.where(rows >= 0, known.repeat_rate[rows], 1.0) < REPEAT_SHARE
    log = history.log.lines(once[history.log.product_rows])
    found = []
    for start, end in zip(log.starts[:-1], log.starts[1:], strict=True):
        newest = log.product_rows[start:end][::-1]
        found.append(list(dict.fromkeys(history.products.ids[newest].tolist()))[:DONE_WITH_KEPT])
    return found


def _names(product_ids: NDArray[np.int64]) -> dict[int, str]:
    wanted = np.unique(product_ids[product_ids >= 0]).tolist()
    return {product.pk: str(product) for product in Product.objects.filter(pk__in=wanted).only("name", "sku")}


def _texts(values: list[str | None]) -> list[str]:
    """For PostgreSQL's array; empty where traits have no say."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values if value is not None]
    return [f'"{value}"' for value in quoted]


def reason(
    times_bought: int,
    last_bought: date | None,
    buyers_share: float,
    *,
    because: str = "",
    trait: str = "",
    is_new: bool = False,
) -> str:
    """One sentence from the customer's own history, from who they are, or from everybody's."""
    named = because and f"“{because[:LONGEST_NAME]}”"
    if last_bought is not None:
        return bought(times_bought, last_bought)
    if is_new:
        return new_in_the_shop(named)
    if trait:
        return of_trait(trait)
    if named:
        return f"New to this customer; goes with {named}, which was bought before."
    return f"New to this customer; {percent(buyers_share)} of all customers have bought it."
