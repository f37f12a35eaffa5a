"""What was written about products, and how it sounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Q

from loyalty.models import Product, Review, SentimentReader

SHOWN = 5
Z_95 = 1.959964
# What is still to be read: never read, read by another reader, or corrected since.
FINGERPRINT = "md5(title || chr(10) || text)"
UNREAD = f"(sentiment_version <> %(version)s OR sentiment_of <> {FINGERPRINT})"


@dataclass(frozen=True)
class Reception:
    """How the reviews of a product sound: the share (0-1) that sounds favourable, with its 95 % interval."""

    n_reviews: int
    n_read: int
    n_for: int
    is_learnt: bool
    newest: list[Review]

    @property
    def share(self) -> float:
        return self.n_for / self.n_read if self.n_read else 0.0

    @property
    def low(self) -> float:
        return self._wilson(-1)

    @property
    def high(self) -> float:
        return self._wilson(1)

    def _wilson(self, side: int) -> float:
        """Wilson (1927): stays between 0 and 1 and holds for a handful of reviews, too."""
        if not self.n_read:
            return 0.0
        n, z = self.n_read, Z_95
        spread = z * sqrt(self.share * (1 - self.share) / n + z * z / (4 * n * n))
        return min(1.0, max(0.0, (self.share + z * z / (2 * n) + side * spread) / (1 + z * z / n)))


def reception_of(product: Product) -> Reception | None:
    """None for a product about which nobody wrote."""
    reviews = Review.objects.filter(product=product)
    newest = list(reviews.order_by("-reviewed_at", "-pk")[:SHOWN])
    if not newest:
        return None
    counts = reviews.aggregate(n=Count("pk"), n_read=Count("sentiment"), n_for=Count("pk", filter=Q(sentiment__gt=0)))
    is_learnt = newest[0].sentiment_version.startswith("learnt")
    return Reception(counts["n"], counts["n_read"], counts["n_for"], is_learnt, newest)


def serving_reader() -> SentimentReader | None:
    return SentimentReader.objects.filter(serves=True).first()


def newest_reader() -> SentimentReader | None:
    return SentimentReader.objects.order_by("-pk").first()


def n_rated() -> int:
    return Review.objects.filter(rating__isnull=False).exclude(rating=0).exclude(title="", text="").count()


def has_unread(version: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM loyalty_review WHERE {UNREAD})", {"version": version})  # noqa: S608
        found: bool = cursor.fetchone()[0]
    return found


def unread_reviews(version: str, after: int, limit: int) -> list[tuple[int, str, str]]:
    """(key, text, fingerprint) of the next reviews to be read, in the order of their keys."""
    statement = (
        f"SELECT id, title || chr(10) || text, {FINGERPRINT} FROM loyalty_review "  # noqa: S608 - our own text
        f"WHERE {UNREAD} AND id > %(after)s ORDER BY id LIMIT %(limit)s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"version": version, "after": after, "limit": limit})
        return list(cursor.fetchall())


def rated_reviews() -> tuple[list[str], Any, Any]:
    """Texts, ratings between -1 and 1 and products of all reviews that have all three."""
    rows = list(_rated())
    texts = [f"{title}\n{text}" for title, text, _, _ in rows]
    return texts, np.array([row[2] for row in rows], float), np.array([row[3] for row in rows], np.int64)


def _rated() -> Iterator[tuple[str, str, float | None, int]]:
    found = Review.objects.filter(rating__isnull=False).exclude(title="", text="").order_by("pk")
    yield from found.values_list("title", "text", "rating", "product_id").iterator(chunk_size=5000)
