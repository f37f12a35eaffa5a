"""Search better settings for one recommender and print every try; nothing is kept unless asked for."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from loyalty.queries.orders import data_horizon
from loyalty.services.progress import QuietProgress
from recommender.engine.contests.tuning import Budget, Trial, Tuned
from recommender.models import Tuning, TuningTrial
from recommender.services.training import TooLittleHistory
from recommender.services.tuning import NothingToTune, TuningRequest, search_settings, tune_recommender


class Command(BaseCommand):
    help = "Search better settings for one recommender on the weeks before the last four, which have no say."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="Which recommender, by the name that `benchmark` prints.")
        parser.add_argument("--seconds", type=float, default=600.0, help="No further try begins after so many.")
        parser.add_argument("--tries", type=int, default=200, help="Nor after so many tries.")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--keep", action="store_true", help="Keep the tries and train a challenger with the best.")

    def handle(self, *args: Any, **options: Any) -> None:
        horizon = data_horizon()
        if horizon is None:
            raise CommandError("There are no orders. Import some first.")
        budget = Budget(options["seconds"], options["tries"])
        request = TuningRequest(options["kind"], horizon + timedelta(microseconds=1), now(), options["seed"], budget)
        try:
            if options["keep"]:
                self._show_kept(tune_recommender(request, report=QuietProgress()))
            else:
                self._show(search_settings(request, report=QuietProgress()))
        except (NothingToTune, TooLittleHistory) as error:
            raise CommandError(str(error)) from error

    def _show(self, found: Tuned) -> None:
        for trial in found.trials:
            self.stdout.write(_line(trial, is_best=trial is found.best))
        gain = found.gain
        self.stdout.write(f"best over the defaults: {gain.mid:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]")

    def _show_kept(self, tuning: Tuning) -> None:
        for trial in tuning.trials.all():
            self.stdout.write(_kept_line(trial))
        gain = tuning.gain
        self.stdout.write(f"best over the defaults: {gain['value']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}]")
        self.stdout.write(f"{tuning.version} is the challenger. {tuning.version.verdict if tuning.version else ''}")


def _line(trial: Trial, *, is_best: bool) -> str:
    value = f"{trial.value.mid:.4f} [{trial.value.low:.4f}, {trial.value.high:.4f}]"
    return _told(trial.number, value, trial.seconds, trial.params, is_best)


def _kept_line(trial: TuningTrial) -> str:
    value = f"{trial.value:.4f} [{trial.low:.4f}, {trial.high:.4f}]"
    return _told(trial.number, value, trial.seconds, trial.params, trial.is_chosen)


def _told(number: int, value: str, seconds: float, params: dict[str, Any], is_chosen: bool) -> str:
    return f"{number:>4}  {value}  {seconds:6.1f} s  {params}{'  <- chosen' if is_chosen else ''}"
