"""How well reviews are read, measured by product on the reviews of this shop or of a file."""

import csv
import gzip
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from loyalty.engine.sentiment_training import TooFewReviews, learn
from loyalty.queries.reviews import rated_reviews
from loyalty.services.sentiment import SEED, verdict_of


class Command(BaseCommand):
    help = "Learn from rated reviews how they sound and print how that stands beside a list of words."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, help="A CSV, packed or not, instead of this shop's reviews.")
        parser.add_argument("--text", nargs="+", default=["Title", "Review Text"], help="Its columns of text.")
        parser.add_argument("--rating", default="Rating", help="Its column of ratings.")
        parser.add_argument("--product", default="Clothing ID", help="Its column of products.")
        parser.add_argument("--scale", nargs=2, type=float, default=[1, 5], help="Its worst and best rating.")

    def handle(self, *args: Any, **options: Any) -> None:
        texts, ratings, products = _of_file(options) if options["file"] else rated_reviews()
        try:
            result = learn(texts, ratings, products, version="measured", rng=np.random.default_rng(SEED))
        except TooFewReviews as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{result.n_reviews:,} rated reviews of {result.n_products:,} products")
        for name, one in (("learnt", result.auc_learnt), ("words", result.auc_words), ("gain", result.gain)):
            self.stdout.write(f"AUC {name:<7} {one.value:.4f}  [{one.low:.4f}, {one.high:.4f}]")
        self.stdout.write(verdict_of(result))


def _of_file(options: dict[str, Any]) -> tuple[list[str], Any, Any]:
    path: Path = options["file"]
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = ["\n".join(row[name] for name in options["text"]).strip() for row in rows]
    low, high = options["scale"]
    told = [number for number, text in enumerate(texts) if text and rows[number][options["rating"]]]
    ratings = np.array([2 * (float(rows[number][options["rating"]]) - low) / (high - low) - 1 for number in told])
    _, products = np.unique([rows[number][options["product"]] for number in told], return_inverse=True)
    return [texts[number] for number in told], ratings, products.astype(np.int64)
