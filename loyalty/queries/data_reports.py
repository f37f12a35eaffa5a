"""The newest report on the data, as pages and commands show it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from loyalty.charts.audit import Gap, TypeCount, Week
from loyalty.engine.freshness import Pace
from loyalty.engine.suitability import DataCounts, Suitability, Verdict, suitability
from loyalty.models import DataReport
from loyalty.queries.cleaning.findings import TWICE, Finding, StandIn, Total, findings, stand_ins, totals

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """From when to when one source of a table tells."""

    name: str
    source: str
    n_rows: int
    first_at: datetime
    last_at: datetime

    @property
    def length(self) -> timedelta:
        return self.last_at - self.first_at


@dataclass(frozen=True)
class Freshness:
    """When the newest record of a kind is from, and how often new ones usually come."""

    name: str
    kind: str
    newest_at: datetime | None
    pace: Pace

    @property
    def usual(self) -> timedelta | None:
        return None if self.pace.usual_days is None else self.pace.usual_days * DAY

    def is_late(self, now: datetime) -> bool | None:
        """None where there is nothing to be late, or no rhythm to compare with."""
        return None if self.newest_at is None else self.pace.is_late((now - self.newest_at) / DAY)


@dataclass(frozen=True)
class Report:
    """A stored report, with its numbers typed."""

    row: DataReport

    @property
    def as_of(self) -> datetime:
        return self.row.as_of

    @property
    def sizes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.row.audit["sizes"]
        return found

    @cached_property
    def counts(self) -> DataCounts:
        return DataCounts(**self.row.audit["counts"])

    @cached_property
    def suitability(self) -> list[Suitability]:
        return suitability(self.counts)

    @cached_property
    def spans(self) -> list[Span]:
        return [
            Span(one["name"], one["source"], one["n_rows"], _at(one["first_at"]), _at(one["last_at"]))
            for one in self.row.audit["spans"]
        ]

    @cached_property
    def freshness(self) -> list[Freshness]:
        return [
            Freshness(
                one["name"],
                one["kind"],
                _at(one["newest_at"]) if one["newest_at"] else None,
                Pace(one["usual_days"], one["late_after_days"]),
            )
            for one in self.row.audit["freshness"]
        ]

    @cached_property
    def gaps(self) -> list[Gap]:
        return [Gap(**gap) for gap in self.row.audit["gaps"]]

    @cached_property
    def weeks(self) -> list[Week]:
        return [Week(date.fromisoformat(monday), n) for monday, n in self.row.audit["weeks"]]

    @cached_property
    def types(self) -> list[TypeCount]:
        return [TypeCount(one["type"], one["n_rows"], _at(one["newest_at"])) for one in self.row.audit["types"]]

    @property
    def orders(self) -> Span | None:
        """All orders together, from the first to the newest."""
        spans = [span for span in self.spans if span.name == "Orders"]
        if not spans:
            return None
        n_rows = sum(span.n_rows for span in spans)
        first, last = min(span.first_at for span in spans), max(span.last_at for span in spans)
        return Span("Orders", "", n_rows, first, last)

    @cached_property
    def findings(self) -> list[Finding]:
        return findings(self.row.findings)

    @property
    def n_flags(self) -> int:
        return int(self.row.findings["n_flags"])

    @property
    def n_unknown_products(self) -> int:
        return int(self.row.audit["n_unknown_products"])

    @property
    def twice(self) -> list[Finding]:
        return [one for one in self.findings if one.group == TWICE]

    @property
    def stand_ins(self) -> list[StandIn]:
        return stand_ins(self.row.findings)

    @property
    def suits_told(self) -> str:
        """The verdicts in one sentence."""
        names = [one.family.name.lower() for one in self.suitability if one.verdict is Verdict.SUITS]
        if not names:
            return "None yet. The last column says what each of them still needs."
        rest = "; the others say what they need" if len(names) < len(self.suitability) else ""
        return f"{len(names)} of {len(self.suitability)} kinds: {', '.join(names)}{rest}."

    @cached_property
    def totals(self) -> list[Total]:
        return totals(self.row.findings)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def data_report() -> Report | None:
    row = DataReport.objects.first()
    return Report(row) if row else None
