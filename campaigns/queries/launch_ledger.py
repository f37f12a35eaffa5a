"""The ledger of new products: what was forecast of each, how many bought it, and which of it may be learnt from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import Count, ExpressionWrapper, F, FloatField, Max, Q, QuerySet, Sum
from django.db.models.functions import Abs

from campaigns.charts.track_record import launch_coverage_chart, launch_groups_chart
from campaigns.engine.track_record import Estimate, Expected, expected_groups, share_estimate
from campaigns.models import LaunchEntry
from loyalty.charts import Chart

LEVELS = (50, 80, 90, 95)
# As many say enough of a record; the newest.
MOST_GROUPED = 20_000
KINDS = {"": Q(), "in_time": Q(is_replayed=False), "replayed": Q(is_replayed=True)}


def closed_entries() -> QuerySet[LaunchEntry]:
    """Forecasts whose weeks are over, beside what happened."""
    return LaunchEntry.objects.filter(outcome__is_complete=True).select_related("outcome", "product")


def open_entries() -> QuerySet[LaunchEntry]:
    """Forecasts made in time for an article number, whose buyers are still to be counted."""
    entries = LaunchEntry.objects.filter(is_replayed=False, simulation__new_product__isnull=False).exclude(sku="")
    return entries.exclude(outcome__is_complete=True).select_related("simulation__new_product")


def known_launches(*, code_version: str, as_of: datetime) -> list[tuple[float, int]]:
    """What was expected of launches over at `as_of`, and buyers; of each product the newest made in time, else the
    replayed one."""
    same = Q(is_replayed=False) | Q(code_version=code_version)
    over = closed_entries().filter(same, outcome__observed_until__lte=as_of)
    told = over.order_by("is_replayed", "-id").values_list("sku", "expected", "outcome__n_buyers")
    first: dict[str, tuple[float, int]] = {}
    for sku, expected, n_buyers in told:
        first.setdefault(sku, (expected, n_buyers))
    return list(first.values())


def launch_metrics(code_version: str, until: datetime) -> dict[str, Any]:
    """How the forecasts of one way of learning did, as a version keeps it."""
    board = LaunchBoard(closed_entries().filter(code_version=code_version, outcome__observed_until__lte=until))
    if not board.n or board.error is None:
        return {}
    return {"launch_error": {"value": board.error}, "coverage_90": {"value": board.coverage[90].mid}}


@dataclass(frozen=True)
class LaunchBoard:
    """What the record of some forecasts says, counted by the database."""

    entries: QuerySet[LaunchEntry]

    @cached_property
    def sums(self) -> Mapping[str, Any]:
        place = ExpressionWrapper(Abs(F("outcome__place") - 0.5), output_field=FloatField())
        missed = Abs(F("mid") - F("outcome__n_buyers"))
        rule_missed = Abs(F("usual") - F("outcome__n_buyers"))
        held = {f"held_{level}": Count("pk", filter=Q(off_middle__lte=level / 200)) for level in LEVELS}
        tossed = Q(naive_low_90__lte=F("outcome__n_buyers"), naive_high_90__gte=F("outcome__n_buyers"))
        return (
            self.entries.order_by()
            .annotate(off_middle=place)
            .aggregate(
                n=Count("pk"),
                n_in_time=Count("pk", filter=Q(is_replayed=False)),
                buyers=Sum("outcome__n_buyers"),
                expected=Sum("mean"),
                missed=Sum(missed, output_field=FloatField()),
                rule_missed=Sum(rule_missed, output_field=FloatField()),
                tossed=Count("pk", filter=tossed),
                until=Max("outcome__observed_until"),
                **held,
            )
        )

    @property
    def n(self) -> int:
        return int(self.sums["n"])

    @property
    def n_held(self) -> int:
        return int(self.sums["held_90"])

    @property
    def n_in_time(self) -> int:
        return int(self.sums["n_in_time"])

    @property
    def coverage(self) -> dict[int, Estimate]:
        """Share of launches that each interval held, by the place drawn within the step of a count."""
        return {level: share_estimate(int(self.sums[f"held_{level}"]), self.n) for level in LEVELS}

    @property
    def coin_toss_share(self) -> float:
        """The share that the 90 % interval would have held, had customers been independent coins."""
        return float(self.sums["tossed"]) / self.n

    @property
    def error(self) -> float | None:
        """Sum of the misses over the sum of the buyers."""
        return self._per_buyer("missed")

    @property
    def rule_error(self) -> float | None:
        """The same, had every launch been taken to go as they usually do."""
        return self._per_buyer("rule_missed")

    @property
    def total_error(self) -> float | None:
        """All expected buyers above all real ones, as a share of these."""
        return float(self.sums["expected"]) / self.sums["buyers"] - 1 if self.sums["buyers"] else None

    @property
    def until(self) -> datetime | None:
        moment: datetime | None = self.sums["until"]
        return moment

    def _per_buyer(self, name: str) -> float | None:
        return float(self.sums[name]) / self.sums["buyers"] if self.sums["buyers"] else None


@dataclass(frozen=True)
class LaunchRow:
    """One forecast beside what happened."""

    entry: LaunchEntry

    @property
    def actual(self) -> int:
        return int(self.entry.outcome.n_buyers)

    @property
    def error(self) -> float | None:
        return self.entry.mid / self.actual - 1 if self.actual else None

    @property
    def is_inside(self) -> bool:
        return bool(self.entry.low_90 <= self.actual <= self.entry.high_90)


def launch_board(kind: str = "") -> LaunchBoard:
    """All forecasts, or those made in time, or those replayed; an unknown kind is all."""
    return LaunchBoard(closed_entries().filter(KINDS.get(kind, Q())))


def launch_rows(entries: Iterable[LaunchEntry]) -> list[LaunchRow]:
    return [LaunchRow(entry) for entry in entries]


def launch_board_charts(board: LaunchBoard) -> dict[str, Chart]:
    """The charts for which there are numbers."""
    if not board.n:
        return {}
    return {
        "coverage": launch_coverage_chart(
            board.coverage, n=board.n, as_of=board.until, coin_toss=board.coin_toss_share
        ),
        "groups": launch_groups_chart(_groups(board), as_of=board.until),
    }


def _groups(board: LaunchBoard) -> Sequence[Expected]:
    newest = board.entries.order_by("-as_of", "-id").values_list("mean", "outcome__n_buyers")[:MOST_GROUPED]
    means, buyers = (np.array(column) for column in zip(*newest, strict=True))
    return expected_groups(means.astype(np.float64), buyers.astype(np.int64), np.random.default_rng(0))
