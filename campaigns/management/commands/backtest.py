"""Replay the past: forecast everything that happened as it would have been forecast, and say how good that was."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from campaigns.management.backtests import BACKTESTS


class Command(BaseCommand):
    help = "Replay what happened in time order, each forecast knowing only what came before, and print how it did."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--of", choices=list(BACKTESTS), default="campaigns", help="What to replay.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Keep the figures as well.")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--shuffles", type=int, default=20, help="Trials shuffled, for --of uplift.")

    def handle(self, *args: Any, **options: Any) -> None:
        more = {"n_shuffles": options["shuffles"]} if options["of"] == "uplift" else {}
        found = BACKTESTS[options["of"]](self.stdout.write, options["seed"], **more)
        if options["json"]:
            options["json"].write_text(json.dumps(found, indent=2) + "\n")
