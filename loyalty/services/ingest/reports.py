"""What an import did, for screens, logs and the API."""

from dataclasses import asdict, dataclass, field
from typing import Any

from loyalty.services.ingest.writes import Written


@dataclass(frozen=True)
class RowOutcome:
    """The fate of one record of a call: `created`, `updated`, `unchanged` or `rejected` with its errors."""

    row: int
    status: str
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class IngestReport:
    """Counts of rows; `tables` counts what was added and changed in each table; `reasons` the refusals by sentence."""

    run_id: int
    n_rows: int
    n_created: int
    n_updated: int
    n_unchanged: int
    n_rejected: int
    tables: tuple[Written, ...] = ()
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rows: tuple[RowOutcome, ...] = ()
    is_refused: bool = False  # all or nothing was asked for, and it was nothing

    @property
    def n_accepted(self) -> int:
        return self.n_created + self.n_updated + self.n_unchanged

    def summary(self) -> dict[str, Any]:
        """Small and JSON, for the job that did it."""
        return {
            "run_id": self.run_id,
            "rows": self.n_rows,
            "created": self.n_created,
            "updated": self.n_updated,
            "unchanged": self.n_unchanged,
            "rejected": self.n_rejected,
        }

    def to_json(self) -> dict[str, Any]:
        """All that a screen tells of a check, kept with its run."""
        return {
            **self.summary(),
            "tables": [asdict(one) for one in self.tables],
            "reasons": self.reasons,
            "notes": list(self.notes),
        }
