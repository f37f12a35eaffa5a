"""Import a file from the command line: the same path as in the browser, the report on standard output."""

import json
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from loyalty.exports import csv_lines
from loyalty.models import IngestRun
from loyalty.queries.imports import rejected_cells
from loyalty.services.direct_imports import Wishes, begin, carry_out
from loyalty.services.ingest import FileRefused, IngestReport, Reading, kinds
from loyalty.services.progress import QuietProgress
from loyalty.services.sources.doors import fetch_url
from loyalty.services.sources.places import PlaceRefused

REFUSED, SOME_REJECTED = 1, 2
OPTIONS = ("decimal", "date_order", "zone", "unknown_products", "unknown_customers", "on_bad_rows")
REJECTED_COLUMNS = ["line", "column", "value", "reason"]


class Told(QuietProgress):
    """Progress for somebody who watches a terminal, or reads a log: a line for each step."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.step = ""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        if message != self.step:
            self.step = message
            self.stream.write(f"{message} ...\n")
        elif self.stream.isatty():
            self.stream.write(f"\r{done:,} rows\r")
        self.stream.flush()


class Command(BaseCommand):
    help = "Import a file. Ends with 0 when all rows were taken, 2 when some were rejected, 1 when it was refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help=f"What is in the file: {', '.join(kind.name for kind in kinds())}.")
        parser.add_argument("file", help="A path or any address that fsspec knows; CSV, also as .gz, Excel or Parquet.")
        parser.add_argument("--mapping", default="", metavar="NAME", help="A saved mapping. Else the headings decide.")
        skips, sets = "One column; nothing after = skips it.", "One value for all rows, like currency=EUR."
        parser.add_argument("--map", action="append", default=[], metavar="THEIRS=OURS", help=skips)
        parser.add_argument("--set", action="append", default=[], metavar="COLUMN=VALUE", help=sets)
        for name in ("encoding", "delimiter", "sheet"):
            parser.add_argument(f"--{name}", help="Else found out from the file.")
        parser.add_argument("--decimal", choices=[".", ","])
        parser.add_argument("--date-order", choices=["ymd", "dmy", "mdy"])
        parser.add_argument("--zone", help="Of times that name none, like Europe/Berlin.")
        parser.add_argument("--on-bad-rows", choices=["skip", "refuse_all"])
        parser.add_argument("--unknown-products", choices=["reject", "create"])
        parser.add_argument("--unknown-customers", choices=["reject", "create"])
        parser.add_argument("--check", action="store_true", help="Only say what would happen; write nothing.")
        parser.add_argument("--rejected", type=Path, metavar="FILE.csv", help="Where rejected cells are written.")
        parser.add_argument("--json", action="store_true", help="The report as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        wishes = _wishes(options)
        try:
            with _local(options["file"]) as path:
                run = begin(kind=options["kind"], path=path, source=options["file"], wishes=wishes, at=now())
                report = carry_out(run, path, only_check=options["check"], report=Told(self.stderr))
        except (FileRefused, PlaceRefused) as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from refusal
        self._finish(run, report, options)
        if report.n_rejected:
            sys.exit(REFUSED if report.is_refused else SOME_REJECTED)

    def _finish(self, run: IngestRun, report: IngestReport, options: dict[str, Any]) -> None:
        if options["rejected"] and report.n_rejected:
            with options["rejected"].open("w", newline="", encoding="utf-8") as file:
                file.writelines(csv_lines(REJECTED_COLUMNS, rejected_cells(run)))
        self.stdout.write(
            json.dumps(report.to_json(), indent=2) if options["json"] else _text(report, options["check"])
        )
        if options["check"]:
            # A check leaves no trace: its file is not kept, so there is nothing to go on with.
            run.delete()


def _wishes(options: dict[str, Any]) -> Wishes:
    return Wishes(
        mapping_name=options["mapping"],
        columns=_pairs(options["map"]),
        constants=_pairs(options["set"]),
        options={name: options[name] for name in OPTIONS if options[name]},
        reading=Reading(encoding=options["encoding"], delimiter=_tab(options["delimiter"]), sheet=options["sheet"]),
    )


def _tab(delimiter: str | None) -> str | None:
    return "\t" if delimiter in (r"\t", "tab") else delimiter


def _pairs(texts: list[str]) -> dict[str, str]:
    broken = [text for text in texts if "=" not in text]
    if broken:
        raise CommandError(f"Write “{broken[0]}” as a pair with = in it, like currency=EUR.", returncode=REFUSED)
    return dict(text.split("=", 1) for text in texts)


@contextmanager
def _local(file: str) -> Iterator[Path]:
    """The file itself, or a copy of what is somewhere else for as long as it is needed."""
    if "://" not in file:
        if not Path(file).is_file():
            raise FileRefused(f"There is no file {file}.")
        yield Path(file)
        return
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        copy = Path(folder) / "fetched"
        fetch_url(file, copy)
        yield copy


def _text(report: IngestReport, is_check: bool) -> str:
    would = "would be " if is_check else ""
    counts = (
        f"{report.n_rows:,} rows read: {report.n_created:,} {would}new, {report.n_updated:,} {would}changed, "
        f"{report.n_unchanged:,} already known, {report.n_rejected:,} {would}rejected."
    )
    reasons = [f"  {number:,} × {reason}" for reason, number in report.reasons.items()]
    return "\n".join([counts, *reasons, *report.notes])
