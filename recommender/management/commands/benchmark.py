"""Measure every recommender, relation and launch forecast on any data set, beside other people's; nothing is kept."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from django.core.management.base import BaseCommand, CommandError

from recommender.engine.base import Recommender
from recommender.engine.benchmark import BenchmarkRow, NotPossible
from recommender.engine.lineup import lineup
from recommender.engine.shop import Shop
from recommender.engine.splits import SpanTooShort
from recommender.management.peers import ImplicitAls, PlainEase
from recommender.management.shops import SHOPS, DataMissing
from recommender.management.shops.files import COLUMNS, ColumnsUnknown, shop_of_file
from recommender.management.trials import TRIALS

HEADER = f"  {'':<28} {'value':>9} {'95 % interval':>19} {'fit s':>7} {'peak MB':>8} {'customers/s':>11}"


class Command(BaseCommand):
    help = "How good is what we recommend? Prints a table, each figure with its interval and beside its peers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("datasets", nargs="*", metavar="dataset", help=f"Which of {', '.join(SHOPS)}. Else all.")
        parser.add_argument("--trial", action="append", choices=TRIALS, help="Only this one; may be repeated.")
        parser.add_argument("--estimator", action="append", metavar="NAME", help="Only this one; may be repeated.")
        parser.add_argument("--file", type=Path, help="Purchases or ratings in a CSV file instead of a data set.")
        parser.add_argument("--columns", default=COLUMNS, help=f"Its customer, product, time, quantity: {COLUMNS}.")
        parser.add_argument("--min-customers", type=int, default=5, help="Products of it with fewer buyers stay out.")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", type=Path, help="Where to write the rows as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        estimators = _estimators(options["estimator"], options["seed"])
        rows = []
        for shop in self._shops(options):
            for name in options["trial"] or TRIALS:
                rows += self._trial(name, shop, estimators, options["seed"])
        if options["json"]:
            options["json"].write_text(json.dumps([_without_gaps(row) for row in rows], indent=1) + "\n")

    def _shops(self, options: dict[str, Any]) -> Iterator[Shop]:
        if options["file"] is not None:
            yield _file(options)
            return
        unknown = sorted(set(options["datasets"]) - set(SHOPS))
        if unknown:
            raise CommandError(f"There is no data set called {unknown[0]}. Choose from: {', '.join(SHOPS)}.")
        for name in options["datasets"] or SHOPS:
            try:
                yield SHOPS[name]()
            except DataMissing as missing:
                self.stdout.write(f"Skipped {name}. {missing}")

    def _trial(self, name: str, shop: Shop, estimators: dict[str, Recommender], seed: int) -> list[BenchmarkRow]:
        self.stdout.write(f"\n{name} on {shop.name}")
        rows: list[BenchmarkRow] = []
        try:
            for row in TRIALS[name](shop, estimators, np.random.default_rng(seed)):
                self._show(row, rows[-1] if rows else None)
                rows.append(row)
        except (NotPossible, SpanTooShort) as reason:
            self.stdout.write(f"Skipped. {reason}")
        left_out = sorted(set(estimators) - {row.estimator for row in rows})
        # A trial may have contestants of its own; then none of these is missed.
        if rows and left_out and len(left_out) < len(estimators):
            self.stdout.write(f"Cannot take part: {', '.join(left_out)}.")
        return rows

    def _show(self, row: BenchmarkRow, before: BenchmarkRow | None) -> None:
        if before is None or (before.split, before.estimator) != (row.split, row.estimator):
            self.stdout.write(f"{row.estimator}, {row.split}\n{HEADER}")
        interval = "" if isnan(row.low) else f"[{row.low:.4f}, {row.high:.4f}]"
        taken = (f"{row.fit_s:.1f}", f"{row.peak_mb:,.0f}", f"{row.customers_per_s:,.0f}")
        cells = ["" if cell == "nan" else cell for cell in taken]
        self.stdout.write(
            f"  {row.metric:<28} {row.value:>9.4f} {interval:>19} {cells[0]:>7} {cells[1]:>8} {cells[2]:>11}"
        )
        self.stdout.flush()


def _file(options: dict[str, Any]) -> Shop:
    try:
        return shop_of_file(options["file"], options["columns"].split(","), min_customers=options["min_customers"])
    except (OSError, pa.ArrowInvalid, ColumnsUnknown, ValueError) as error:
        raise CommandError(str(error)) from error


def _estimators(names: list[str] | None, seed: int) -> dict[str, Recommender]:
    everyone = lineup(seed) | {peer.kind: peer for peer in (ImplicitAls(random_state=seed), PlainEase())}
    unknown = sorted(set(names or ()) - set(everyone))
    if unknown:
        raise CommandError(f"There is no estimator called {unknown[0]}. Choose from: {', '.join(everyone)}.")
    return {name: everyone[name] for name in names or everyone}


def _without_gaps(row: BenchmarkRow) -> dict[str, Any]:
    """JSON knows no NaN: what a row does not have is null."""
    values = asdict(row)
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in values.items()}
