"""Measure what we publish: prints a table and keeps it as JSON, each figure beside its peer of the same run."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from campaigns.management.benchmarks import BENCHMARKS, ONLY_BY_NAME, Measurement
from campaigns.management.benchmarks.measuring import scratch_database
from campaigns.sources.complete_journey import DemoDataMissing

RESULTS = Path("build") / "bench.json"
ROW = "{:<28} {:>14} {:<10} {:>7} {:>9} {:>7}  {}"


class Command(BaseCommand):
    help = "Measure imports and more, each beside a peer, in a scratch database of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names",
            nargs="*",
            metavar="name",
            help=f"Which ones: {', '.join(BENCHMARKS)}. Else all but {', '.join(ONLY_BY_NAME)}.",
        )
        parser.add_argument("--output", type=Path, default=settings.BASE_DIR / RESULTS, help="Where the JSON goes.")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = sorted(set(options["names"]) - set(BENCHMARKS))
        if unknown:
            raise CommandError(f"There is no benchmark called {unknown[0]}. Choose from: {', '.join(BENCHMARKS)}.")
        names = options["names"] or [name for name in BENCHMARKS if name not in ONLY_BY_NAME]
        found = list(self._measurements(names))
        output: Path = options["output"]
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n")
        self._show(found)

    def _measurements(self, names: list[str]) -> Iterator[Measurement]:
        for name in names:
            self.stdout.write(f"Measuring {name} ...")
            try:
                with scratch_database():
                    yield from BENCHMARKS[name]()
            except DemoDataMissing as missing:
                self.stdout.write(f"Skipped {name}. {missing}")

    def _show(self, found: list[Measurement]) -> None:
        self.stdout.write(ROW.format("name", "value", "unit", "ratio", "peak MB", "own MB", "beside"))
        for one in found:
            memory = (f"{one.peak_mb:,.0f}", f"{one.own_mb:,.0f}" if one.own_mb else "")
            row = (one.name, f"{one.value:,.0f}", one.unit, f"{one.ratio:.3f}", *memory, one.peer)
            self.stdout.write(ROW.format(*row))
