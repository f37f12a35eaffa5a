"""Look at the data now and print what was found: the same report that the page Data shows."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from loyalty.queries.data_reports import data_report
from loyalty.services.inspection import inspect_data
from loyalty.services.progress import QuietProgress

ROW = "{:>12}  {}"


class Command(BaseCommand):
    help = "Audit and clean the data: counts, what is odd, what was filled in, which models the data suit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", help="Look at nothing later than this moment, like 2017-10-01T00:00:00Z.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        inspect_data(as_of=self._moment(options["as_of"]) or now, at=now, report=QuietProgress())
        found = data_report()
        if found is None:
            raise CommandError("The report was made and taken away again by somebody else. Try once more.")
        for finding in found.findings:
            self.stdout.write(ROW.format(f"{finding.n:,}", finding.title))
        for total in found.totals:
            self.stdout.write(f"{total.name}: {total.before} as recorded, {total.after} {total.meaning}")
        for one in found.suitability:
            self.stdout.write(f"{one.family.name}: {one.verdict.value}. {' '.join(one.missing) or one.reason}")

    def _moment(self, text: str | None) -> datetime | None:
        if text is None:
            return None
        moment = parse_datetime(text)
        if moment is None:
            raise CommandError(f"“{text}” is no moment. Write it like 2017-10-01T00:00:00Z.")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
