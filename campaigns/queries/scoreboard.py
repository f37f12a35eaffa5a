"""The scoreboard: every forecast in the ledger beside what happened, and what that says of the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import QuerySet

from campaigns.charts.scoreboard import Scored, scoreboard_chart
from campaigns.charts.track_record import calibration_chart, coverage_chart
from campaigns.engine.track_record import (
    Estimate,
    Surprise,
    calibration_groups,
    is_alarming,
    share_estimate,
    skill,
)
from campaigns.models import LedgerEntry
from campaigns.queries.ledger import baseline_entries, board_entries
from loyalty.charts import Chart
from recommender.models import ModelVersion

LEVELS = (50, 80, 90, 95)
SEED = 0
ROWS_SHOWN = 50
LONGEST_NUMBER = 10
# More columns than these nobody tells apart; what is said above them is of all.
MOST_DRAWN = 40


@dataclass(frozen=True)
class BoardRow:
    """One campaign: what was forecast, what the last of its type would have said, and what happened."""

    entry: LedgerEntry
    rule: LedgerEntry | None

    @property
    def actual(self) -> int:
        return self.entry.outcome.n_redeemers

    @property
    def error(self) -> float | None:
        """Forecast above what happened, as a share of it."""
        return self.entry.mid / self.actual - 1 if self.actual else None

    def holds(self, level: int) -> bool:
        low, high = self.entry.intervals[level]
        return bool(low <= self.actual <= high)

    @property
    def is_inside(self) -> bool:
        return self.holds(90)

    @property
    def surprise(self) -> Surprise:
        outcome = self.entry.outcome
        return Surprise(outcome.effect, outcome.effect_sd, self.entry.effect_mean, self.entry.effect_sd)


@dataclass(frozen=True)
class Contender:
    """One way of forecasting, as the newest contest left it."""

    version: ModelVersion
    serves: bool
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Board:
    """Everything the scoreboard says, the oldest campaign first."""

    rows: Sequence[BoardRow]

    @property
    def n_inside(self) -> int:
        return sum(row.is_inside for row in self.rows)

    @property
    def coverage(self) -> dict[int, Estimate]:
        """Share of campaigns that each interval held."""
        return {level: share_estimate(sum(row.holds(level) for row in self.rows), len(self.rows)) for level in LEVELS}

    @property
    def coin_toss_share(self) -> float:
        """The share that the 90 % interval would have held, had customers been independent coins."""
        held = [row.entry.naive_low_90 <= row.actual <= row.entry.naive_high_90 for row in self.rows]
        return sum(held) / len(held)

    @property
    def error(self) -> float | None:
        """Sum of the errors over the sum of what happened."""
        happened = sum(row.actual for row in self.rows)
        return sum(abs(row.entry.mid - row.actual) for row in self.rows) / happened if happened else None

    @property
    def skill(self) -> Estimate | None:
        """By what share the errors are smaller than those of “same as the last of its type”."""
        both = [(row, row.rule) for row in self.rows if row.rule is not None]
        errors = np.array([abs(row.entry.mid - row.actual) for row, _ in both])
        rule_errors = np.array([abs(rule.mid - row.actual) for row, rule in both])
        return skill(errors, rule_errors, np.random.default_rng(SEED))

    @property
    def is_alarming(self) -> bool:
        return is_alarming([row.surprise for row in self.rows])


@dataclass(frozen=True)
class BoardPage:
    """Some campaigns of the board, the newest first; `before` and `after` go into the address as `?page=`."""

    rows: Sequence[BoardRow]
    before: str
    after: str


def board_page(found: Board, number: str) -> BoardPage:
    """The page of that number; the first where there is no such page. The figures above it are of all campaigns."""
    newest, last = list(reversed(found.rows)), max((len(found.rows) - 1) // ROWS_SHOWN, 0)
    place = min(int(number), last) if number.isascii() and number.isdigit() and len(number) < LONGEST_NUMBER else 0
    rows = newest[place * ROWS_SHOWN : (place + 1) * ROWS_SHOWN]
    return BoardPage(rows, str(place - 1) if place else "", str(place + 1) if place < last else "")


def board() -> Board:
    """The newest forecast of each campaign that was held against what happened."""
    rules, serving = baseline_entries(), _serving()
    # Before anything was learnt with what is kept now, any way of forecasting that was replayed is shown.
    told = (board_entries(serving.algorithm) if serving else []) or board_entries(None)
    return Board([BoardRow(entry, rules.get(entry.campaign_id)) for entry in told])


def board_charts(found: Board) -> dict[str, Chart]:
    """The charts for which there are numbers."""
    if not found.rows:
        return {}
    as_of = max(row.entry.outcome.observed_until for row in found.rows)
    charts = {
        "held": scoreboard_chart([_scored(row) for row in found.rows[-MOST_DRAWN:]], as_of=as_of),
        "coverage": coverage_chart(
            found.coverage, n_campaigns=len(found.rows), as_of=as_of, coin_toss=found.coin_toss_share
        ),
    }
    calibration = _calibration(found.rows, as_of)
    return charts | ({"calibration": calibration} if calibration else {})


def contenders() -> list[Contender]:
    """Every way of forecasting that the newest learning tried, the one that serves among them."""
    newest = _serving()
    if newest is None:
        return []
    tried = _versions().filter(data_fingerprint=newest.data_fingerprint, trained_at=newest.trained_at).order_by("id")
    return [Contender(version, bool(version.params.get("serves")), _figures(version)) for version in tried]


def _versions() -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(purpose=ModelVersion.Purpose.RECEPTION)


def _serving() -> ModelVersion | None:
    return _versions().filter(params__serves=True).order_by("-data_until", "-id").first()


def _figures(version: ModelVersion) -> dict[str, float]:
    return {name: measured["value"] for name, measured in version.metrics.items()}


def _scored(row: BoardRow) -> Scored:
    entry = row.entry
    return Scored(entry.campaign.name, entry.mid, entry.low_90, entry.high_90, row.actual)


def _calibration(rows: Sequence[BoardRow], as_of: datetime) -> Chart | None:
    known = [row.entry for row in rows if row.entry.outcome.taken]
    if not known:
        return None
    # The middle of what was believed of whole campaigns belongs to the chance that was told.
    logits = np.concatenate([np.array(entry.centres) + entry.effect_mean for entry in known])
    sizes = np.concatenate([np.array(entry.sizes, dtype=np.int64) for entry in known])
    taken = np.concatenate([np.array(entry.outcome.taken, dtype=np.int64) for entry in known])
    return calibration_chart(calibration_groups(logits, sizes, taken), as_of=as_of)
