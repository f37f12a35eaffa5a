"""Take in a finished randomised campaign from a file, and print what it changed: the same steps as in the browser."""

import json
from argparse import ArgumentParser
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import is_naive, make_aware, now

from campaigns.management.trial_report import report_lines
from campaigns.services.trials.importing import SEED, begin_trial, import_trial
from campaigns.services.trials.plans import TrialPlan, known_before, suggest_control, suggest_roles
from campaigns.services.trials.readouts import read_trial
from loyalty.management.commands.ingest import Told
from loyalty.services.ingest import FileRefused, look_at


class Command(BaseCommand):
    help = "Import a finished randomised campaign, one row a person. The same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, also as .gz, Excel or Parquet, with a heading.")
        parser.add_argument("--name", required=True)
        parser.add_argument("--arm", help="Column that tells the group. What is not named is guessed.")
        parser.add_argument("--control", help="What the group is called that got nothing.")
        parser.add_argument("--outcome", help="Column that tells what people did: 1 or 0, a count, an amount.")
        parser.add_argument("--value", help="Column of the money that came.")
        parser.add_argument("--attributed", help="Column of the money that was credited to the campaign.")
        parser.add_argument("--propensity", help="Column of the chance of having been put into the group.")
        parser.add_argument("--person", help="Column of the customer's external id.")
        parser.add_argument("--household", help="Column of what went into a group together.")
        parser.add_argument("--before", metavar="A,B", help="Columns known before; else all that are left.")
        parser.add_argument("--share", action="append", default=[], metavar="GROUP=0.5", help="The planned share.")
        parser.add_argument("--contact-cost", type=Decimal)
        parser.add_argument("--outcome-value", type=Decimal, help="What one outcome is worth.")
        parser.add_argument("--currency", default="USD")
        parser.add_argument("--starts-at", type=_moment, help="When it began, as 2017-05-01 or with an hour.")
        parser.add_argument("--ends-at", type=_moment, help="Until when what people did was counted, not included.")
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--people-only", action="store_true", help="Take in the people; read nothing out.")
        parser.add_argument("--json", action="store_true", help="Everything that was read out, as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        path, at = options["file"], now()
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        told = Told(self.stderr)
        try:
            trial = begin_trial(name=options["name"], path=path, plan=_plan(path, options), by=None, at=at)
            import_trial(trial=trial, path=path, report=told)
        except FileRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if trial.state != trial.State.DONE and not options["people_only"]:
            read_trial(trial=trial, at=at, seed=options["seed"], report=told)
        trial.refresh_from_db()
        self.stdout.write(json.dumps(trial.results, indent=2) if options["json"] else "\n".join(report_lines(trial)))


def _plan(path: Path, options: dict[str, Any]) -> TrialPlan:
    """What was named, and for the rest what the headings say."""
    look = look_at(path)
    guessed = suggest_roles(look.names)
    named = {role: options[role] for role in guessed if options[role] is not None}
    # A column that was named for one thing is not guessed to be another.
    roles = {role: "" if column in named.values() else column for role, column in guessed.items()} | named
    column = look.names.index(roles["arm"]) if roles["arm"] in look.names else None
    seen = [] if column is None else sorted({row[column] for row in look.rows})
    before = options["before"]
    return TrialPlan(
        **roles,
        control=options["control"] or suggest_control([*seen, *_samples(look, roles["arm"])]),
        before=tuple(before.split(",")) if before is not None else known_before(look.names, roles),
        shares=_shares(options["share"]),
        contact_cost=options["contact_cost"],
        outcome_value=options["outcome_value"],
        currency=options["currency"],
        starts_at=options["starts_at"],
        ends_at=options["ends_at"],
    )


def _moment(told: str) -> datetime:
    found = datetime.fromisoformat(told)
    return make_aware(found) if is_naive(found) else found


def _samples(look: Any, name: str) -> list[str]:
    return [sample for column in look.columns if column.name == name for sample in column.samples]


def _shares(told: list[str]) -> dict[str, float]:
    try:
        return {name: float(share) for name, _, share in (one.rpartition("=") for one in told)}
    except ValueError as error:
        raise CommandError("Write a planned share as GROUP=0.5.") from error
