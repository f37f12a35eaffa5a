"""Try the silence rule on the shop's own orders: plant products that drive customers away, and see what is found."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from loyalty.engine.silence_trial import Purchases, Summary, TooFewProducts, judge, run_trials, summary
from loyalty.queries.orders import data_horizon
from loyalty.queries.silence import day_of, purchase_days

# With fewer regular first-time buyers not even a fifth of them leaving can be told from chance.
PLANTED_FROM = 40


class Command(BaseCommand):
    help = "Plant products that drive away a share of their regular first-time buyers; print how many are found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plant", type=int, default=8, help="how many products to plant")
        parser.add_argument("--share", type=float, nargs="+", default=[0.1, 0.2, 0.35], help="who is driven away")
        parser.add_argument("--seeds", type=int, default=20)
        parser.add_argument("--buyers", type=int, default=PLANTED_FROM, help="regular first-time buyers, at least")
        parser.add_argument("--json", type=Path, help="write the table to this file as well")

    def handle(self, *args: Any, **options: Any) -> None:
        horizon = data_horizon()
        if horizon is None:
            raise CommandError("There are no orders. Import some, or run the demo.")
        bought, as_of_day = self._purchases(horizon), day_of(horizon)
        untouched = judge(bought, as_of_day=as_of_day)
        flagged = int(untouched.scores.is_flagged.sum())
        visits = untouched.visits
        self.stdout.write(
            f"{visits.is_observed.sum():,} regular visits, {visits.is_silent.sum():,} silences; "
            f"{len(untouched.scores.product):,} products judged; nothing planted: {flagged} flagged."
        )
        self.stdout.write("driven away   found (95% interval)       false flags a run (95% interval)   most")
        told = {"untouched_flags": flagged, "planted": options["plant"], "seeds": options["seeds"], "shares": {}}
        for share in options["share"]:
            result = self._tried(bought, as_of_day, share, options)
            told["shares"][share] = {"recall": result.recall, "false_flags": result.false_flags}
            self.stdout.write(_line(share, result))
        if options["json"]:
            options["json"].write_text(json.dumps(told, indent=2))

    def _purchases(self, horizon: Any) -> Purchases:
        frame = purchase_days(horizon)
        return Purchases(*(frame[name].to_numpy().astype(np.int64) for name in ("customer_id", "product_id", "day")))

    def _tried(self, bought: Purchases, as_of_day: int, share: float, options: dict[str, Any]) -> Summary:
        trials = run_trials(
            bought,
            as_of_day=as_of_day,
            n_planted=options["plant"],
            share=share,
            seeds=range(options["seeds"]),
            fewest_buyers=options["buyers"],
        )
        try:
            return summary(list(trials), np.random.default_rng(0))
        except TooFewProducts as problem:
            raise CommandError(str(problem)) from problem


def _line(share: float, result: Summary) -> str:
    recall, false = (f"{mid:.3f} ({low:.3f}–{high:.3f})" for mid, low, high in (result.recall, result.false_flags))
    return f"{share:>11.0%}   {recall:<24}   {false:<32}   {result.worst_false_flags}"
