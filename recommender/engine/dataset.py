"""Interactions as a sparse matrix, with the two maps that lead back to the tables' keys."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.history import CustomerHistory, PurchaseLog
from recommender.engine.ids import IdMap
from recommender.engine.opinions import heard_log, heard_weights, standing

FRAME_SCHEMA = pa.schema(
    [
        ("customer_id", pa.int64()),
        ("product_id", pa.int64()),
        ("weight", pa.float32()),
        ("occurred_at", pa.timestamp("us", tz="UTC")),
    ]
)
MICROSECONDS_PER_DAY = 86_400_000_000


class TimesUnknown(Exception):
    """An algorithm has to go back in time, and the interactions came without their times."""


class FrameInvalid(Exception):
    """The frame lacks a column, has a column of the wrong type, or holds an empty cell."""


@dataclass(frozen=True)
class InteractionMatrix:
    """Summed interaction weights of one half-open time span.

    Attributes
    ----------
    matrix : csr_matrix of float32, shape (n_customers, n_products)
    customers, products : IdMap
        Row and column maps.
    log : PurchaseLog, optional
        The same interactions with their times, read at the end of the span.
    traits, facts : Attributes, optional
        Who the customers are and what the products are, a row each.
    half_life_days : float, optional
        By which the weights were aged.
    ratings : PurchaseLog, optional
        What the customers think of the products, with times: weights above 0 are in favour, below 0 against.
    whole_log : PurchaseLog, optional
        The log before opinions were heard, for going back to when they had not been given.
    """

    matrix: sparse.csr_matrix
    customers: IdMap
    products: IdMap
    log: PurchaseLog | None = None
    traits: Attributes | None = None
    facts: Attributes | None = None
    half_life_days: float | None = None
    ratings: PurchaseLog | None = None
    whole_log: PurchaseLog | None = None

    @classmethod
    def from_frame(
        cls,
        frame: pa.Table,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        customers: IdMap | None = None,
        products: IdMap | None = None,
        half_life_days: float | None = None,
    ) -> InteractionMatrix:
        """Build the matrix from rows with ``since <= occurred_at < until``.

        Parameters
        ----------
        frame : pyarrow.Table
            Columns as in ``FRAME_SCHEMA``, without empty cells.
        since, until : datetime, optional
            Aware instants; open where not given.
        customers, products : IdMap, optional
            Fix the rows and columns (keys outside are left out); else taken from the rows in the span.
        half_life_days : float, optional
            Age before ``until`` at which a weight counts half. Needs ``until``.

        Raises
        ------
        FrameInvalid
            When a column is missing, has another type or holds empty cells.
        ValueError
            When ``half_life_days`` is given without ``until``.
        """
        columns = columns_in_span(frame, since, until)
        customers = IdMap(columns["customer_id"]) if customers is None else customers
        products = IdMap(columns["product_id"]) if products is None else products
        rows, cols = customers.rows_of(columns["customer_id"]), products.rows_of(columns["product_id"])
        weights = _aged(columns["weight"], columns["occurred_at"], until, half_life_days)
        known = (rows >= 0) & (cols >= 0)
        matrix = sparse.coo_matrix(
            (weights[known], (rows[known], cols[known])),
            shape=(len(customers), len(products)),
            dtype=np.float32,
        ).tocsr()
        return cls(matrix, customers, products, half_life_days=half_life_days)

    def described(
        self,
        *,
        log: PurchaseLog | None,
        traits: Attributes | None = None,
        facts: Attributes | None = None,
        ratings: PurchaseLog | None = None,
    ) -> InteractionMatrix:
        """The same interactions with their times and with what is known of customers and products."""
        return replace(self, log=log, traits=traits, facts=facts, ratings=ratings)

    def heard(self) -> InteractionMatrix:
        """The same data with the customers' ratings heard; where there are none, the data as they are.

        What is rated worst is as if it had never been bought; what is praised counts more.
        """
        if self.ratings is None or not len(self.ratings.product_rows):
            return self
        n_products = len(self.products)
        opinions = standing(self.ratings, self.log, n_products)
        praise = self.ratings.matrix(n_products, half_life_days=self.half_life_days)
        log = None if self.log is None else heard_log(self.log, opinions)
        matrix = heard_weights(self.matrix.tocsr(), opinions, praise)
        return replace(self, matrix=matrix, log=log, whole_log=self.log)

    @property
    def history(self) -> CustomerHistory:
        """What a recommender scores all these customers from."""
        return CustomerHistory(self.matrix, self.log, self.traits, self.ratings)

    def earlier(self, days: float) -> InteractionMatrix:
        """The same customers and products as they were known ``days`` before.

        Raises
        ------
        TimesUnknown
            When there is no log to go back in.
        """
        if self.log is None:
            raise TimesUnknown("the interactions came without their times")
        log = (self.log if self.whole_log is None else self.whole_log).earlier(days)
        matrix = log.matrix(len(self.products), half_life_days=self.half_life_days)
        ratings = None if self.ratings is None else self.ratings.earlier(days)
        return replace(self, matrix=matrix, log=log, ratings=ratings, whole_log=None).heard()

    @property
    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of keys and weights: same data, same fingerprint."""
        matrix = self.matrix.tocsr()
        matrix.sort_indices()
        digest = hashlib.sha256()
        arrays = (self.customers.ids, self.products.ids, matrix.indptr.astype(np.int64))
        for array in (*arrays, matrix.indices.astype(np.int64), matrix.data.astype(np.float32)):
            digest.update(len(array).to_bytes(8, "big"))
            digest.update(array.tobytes())
        return digest.hexdigest()

    def customers_per_product(self) -> NDArray[np.int64]:
        """Distinct customers of every product, shape (n_products,) int64."""
        return np.asarray((self.matrix > 0).sum(axis=0), dtype=np.int64).ravel()

    def buyers_share(self) -> NDArray[np.float64]:
        """Share (0-1) of the customers who bought each product, shape (n_products,) float64."""
        share: NDArray[np.float64] = self.customers_per_product() / max(len(self.customers), 1)
        return share

    def tie_break(self, size: float) -> NDArray[np.float32]:
        """Popularity made as small as ``size``: it orders only what nothing else does. Shape (n_products,) float32."""
        return (size * self.buyers_share()).astype(np.float32)

    def rows(self, customer_rows: NDArray[np.int64]) -> InteractionMatrix:
        """The same products for a sorted choice of customers, by matrix row."""
        picked = IdMap(self.customers.ids[customer_rows])
        log = None if self.log is None else self.log.rows(customer_rows)
        traits = None if self.traits is None else self.traits.rows(customer_rows)
        ratings = None if self.ratings is None else self.ratings.rows(customer_rows)
        whole = None if self.whole_log is None else self.whole_log.rows(customer_rows)
        part = replace(self, matrix=self.matrix[customer_rows], customers=picked, log=log, traits=traits)
        return replace(part, ratings=ratings, whole_log=whole)


def purchase_log(frame: pa.Table, *, until: datetime, customers: IdMap, products: IdMap) -> PurchaseLog:
    """Rows with ``occurred_at < until`` of these customers and products, with their ages at ``until``.

    Parameters
    ----------
    frame : pyarrow.Table
        Columns as in ``FRAME_SCHEMA``, without empty cells.
    until : datetime
        Aware instant.
    customers, products : IdMap
        Keys outside are left out.
    """
    columns = columns_in_span(frame, None, until)
    rows, cols = customers.rows_of(columns["customer_id"]), products.rows_of(columns["product_id"])
    ages = _age_days(columns["occurred_at"], until)
    order = np.lexsort((cols, -ages, rows))
    order = order[(rows[order] >= 0) & (cols[order] >= 0)]
    starts = np.searchsorted(rows[order], np.arange(len(customers) + 1))
    weights = columns["weight"][order].astype(np.float32)
    return PurchaseLog(starts, cols[order].astype(np.int32), ages[order].astype(np.float32), weights)


def checked(frame: pa.Table) -> pa.Table:
    """The frame's four columns in order, or ``FrameInvalid`` naming the first that is wrong."""
    for field in FRAME_SCHEMA:
        if field.name not in frame.column_names:
            raise FrameInvalid(f"column {field.name} is missing")
        column = frame[field.name]
        if column.type != field.type:
            raise FrameInvalid(f"column {field.name} is {column.type}, expected {field.type}")
        if column.null_count:
            raise FrameInvalid(f"column {field.name} has {column.null_count} empty cells")
    return frame.select(FRAME_SCHEMA.names)


def columns_in_span(frame: pa.Table, since: datetime | None, until: datetime | None) -> dict[str, NDArray[np.generic]]:
    span = checked(frame)
    instant = FRAME_SCHEMA.field("occurred_at").type
    if since is not None:
        span = span.filter(pc.greater_equal(span["occurred_at"], pa.scalar(since, instant)))
    if until is not None:
        span = span.filter(pc.less(span["occurred_at"], pa.scalar(until, instant)))
    return {name: span[name].to_numpy() for name in FRAME_SCHEMA.names}


def _aged(
    weights: NDArray[np.generic],
    occurred_at: NDArray[np.generic],
    until: datetime | None,
    half_life_days: float | None,
) -> NDArray[np.float32]:
    if half_life_days is None:
        return weights.astype(np.float32)
    if until is None:
        raise ValueError("half_life_days needs until: ages are counted from there")
    aged = np.exp2(-_age_days(occurred_at, until) / half_life_days)
    return (weights.astype(np.float32) * aged).astype(np.float32)


def _age_days(occurred_at: NDArray[np.generic], until: datetime) -> NDArray[np.float64]:
    end = pa.scalar(until, FRAME_SCHEMA.field("occurred_at").type).value
    return np.asarray((end - occurred_at.astype("datetime64[us]").astype(np.int64)) / MICROSECONDS_PER_DAY)
