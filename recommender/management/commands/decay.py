"""Choose half-lives and print what spoke for them; nothing is kept."""

import json
from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.core.management.base import BaseCommand, CommandError

from loyalty.queries.orders import data_horizon
from recommender.engine.decay import TASKS, HalfLife, Span, choose_half_life
from recommender.engine.metrics import Estimate
from recommender.engine.splits import SpanTooShort
from recommender.management.shops.files import COLUMNS, ColumnsUnknown, purchases_file
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.services.decay import grid_rows, tested_row


class Command(BaseCommand):
    help = "How fast do purchases grow old? Tries half-lives on earlier weeks and checks the choice once on the last."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, help="Purchases in a CSV file instead of the database's.")
        parser.add_argument("--columns", default=COLUMNS, help=f"Its customer, product, time, quantity: {COLUMNS}.")
        parser.add_argument("--window-days", type=int, default=28)
        parser.add_argument("--min-customers", type=int, default=5, help="Products with fewer buyers stay out.")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", type=Path, help="Where to write the figures as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        frame = self._frame(options)
        until: datetime = pc.max(frame["occurred_at"]).as_py() + timedelta(microseconds=1)
        span = Span(until, window_days=options["window_days"], min_customers=options["min_customers"])
        try:
            found = [choose_half_life(frame, task, span, rng=np.random.default_rng(options["seed"])) for task in TASKS]
        except SpanTooShort as error:
            raise CommandError(f"There is too little to choose from: {error}.") from error
        for one in found:
            self._show(one)
        if options["json"]:
            rows = [{"task": one.task, "grid": grid_rows(one), "test": tested_row(one)} for one in found]
            options["json"].write_text(json.dumps(rows, indent=1) + "\n")

    def _frame(self, options: dict[str, Any]) -> pa.Table:
        if options["file"] is None:
            horizon = data_horizon()
            if horizon is None:
                raise CommandError("There are no orders. Import some first, or name a file with --file.")
            return interactions_frame(purchases_until(horizon + timedelta(microseconds=1)))
        try:
            return purchases_file(options["file"], options["columns"].split(","))
        except (OSError, pa.ArrowInvalid, ColumnsUnknown) as error:
            raise CommandError(str(error)) from error

    def _show(self, found: HalfLife) -> None:
        self.stdout.write(f"\n{found.task}: NDCG@10 on {len(found.grid.windows)} windows before the last")
        for days, ndcg, gain in zip(found.grid.half_lives, found.grid.ndcg, found.grid.gain, strict=True):
            mark = " <- chosen" if days == found.days else ""
            self.stdout.write(f"  {_days(days):>10}  {_told(ndcg)}  gain {_told(gain, '+')}{mark}")
        self.stdout.write(
            f"  last window: {_told(found.test_ndcg)}, without decay {_told(found.test_ndcg_without)}, "
            f"difference {_told(found.test_gain, '+')}"
        )


def _days(days: float | None) -> str:
    return "no decay" if days is None else f"{days:g} days"


def _told(estimate: Estimate, sign: str = "") -> str:
    return f"{estimate.mid:{sign}.4f} [{estimate.low:{sign}.4f}, {estimate.high:{sign}.4f}]"
