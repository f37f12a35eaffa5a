"""What came in, and what did not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, QuerySet, Sum

from loyalty.models import ImportMapping, IngestRun, RejectedRow
from loyalty.queries.import_verdicts import Verdict, Words, can_be_taken, is_all_or_nothing, verdict, words

State = IngestRun.State
UNDER_WAY = (State.CHECKING, State.PENDING, State.RUNNING)
REASONS_SHOWN = 8
NEWEST_SHOWN = 5


@dataclass(frozen=True)
class Import:
    """One import as people see it. An import whose job was stopped, or broke down, does not go on."""

    run: IngestRun
    kind: str

    @property
    def is_open(self) -> bool:
        return self.run.state in UNDER_WAY and (self.run.job is None or self.run.job.is_open)

    @property
    def state(self) -> str:
        if self.run.state not in UNDER_WAY or self.is_open:
            return self.run.state
        return State.DRAFT if self.run.state == State.CHECKING else State.FAILED

    @property
    def state_label(self) -> str:
        return State(self.state).label

    @property
    def n_accepted(self) -> int:
        return self.run.n_created + self.run.n_updated + self.run.n_unchanged

    @property
    def has_counts(self) -> bool:
        return self.state in (State.CHECKED, State.DONE)

    @property
    def is_from_wizard(self) -> bool:
        """Whether somebody went step by step; what comes from other systems has no steps."""
        return bool(self.run.mapping) or self.state == State.DRAFT

    @property
    def is_checking(self) -> bool:
        return self.state in (State.CHECKING, State.CHECKED)

    @property
    def changeable_pk(self) -> int | None:
        """The number of an import whose choices can still be changed."""
        return self.run.pk if self.state == State.CHECKED else None

    @property
    def under_way(self) -> str:
        """What happens now."""
        if self.run.job is None or not self.run.job.started_at:
            return "Waiting for a free worker"
        return "Being checked; nothing is written" if self.state == State.CHECKING else "Being taken in"

    @property
    def took(self) -> timedelta | None:
        """How long the work itself took; the wizard may have been open for days before."""
        job = self.run.job
        since = job.started_at if job and job.started_at else self.run.started_at
        return self.run.finished_at - since if self.run.finished_at else None

    @property
    def mode(self) -> str:
        """What was chosen about rows that cannot be taken; empty for what came by a call."""
        if not self.run.mapping:
            return ""
        return "all or nothing" if is_all_or_nothing(self.run) else "left out and listed"

    @property
    def words(self) -> Words:
        return words(self.run)

    @property
    def verdict(self) -> Verdict:
        return verdict(self.run)

    @property
    def can_be_taken(self) -> bool:
        return can_be_taken(self.run)

    @property
    def trouble(self) -> str:
        """Why nothing was taken in."""
        if self.state != State.FAILED:
            return ""
        told = self.run.note or (self.run.job.error if self.run.job else "")
        return told or "The import was stopped before it ended. Nothing of the file was taken in."

    @property
    def notes(self) -> list[str]:
        """What is worth knowing besides the counts."""
        if self.state == State.CHECKED:
            return list(self.run.checked.get("notes", []))
        return self.run.note.splitlines() if self.has_counts else []


def import_list(*, kind: str = "", state: str = "") -> QuerySet[IngestRun]:
    found = IngestRun.objects.select_related("started_by", "job")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(state=state) if state in State.values else found


def imports(runs: Iterable[IngestRun], labels: Mapping[str, str]) -> list[Import]:
    """`labels` says what each kind of record is called."""
    return [Import(run, labels.get(run.kind, run.kind.replace("_", " ").capitalize())) for run in runs]


def newest_imports(labels: Mapping[str, str]) -> list[Import]:
    return imports(import_list().order_by("-pk")[:NEWEST_SHOWN], labels)


def import_page(pk: int, labels: Mapping[str, str]) -> Import | None:
    found = imports(import_list().filter(pk=pk), labels)
    return found[0] if found else None


@dataclass(frozen=True)
class Intake:
    """All imports that ended well, together."""

    n_imports: int
    n_rows: int
    n_repeated: int
    n_rejected: int
    last_at: datetime | None


def intake() -> Intake:
    sums = IngestRun.objects.filter(state=State.DONE).aggregate(
        n=Count("pk"),
        rows=Sum("n_rows"),
        repeated=Sum("n_unchanged"),
        rejected=Sum("n_rejected"),
        last=Max("finished_at"),
    )
    return Intake(sums["n"], sums["rows"] or 0, sums["repeated"] or 0, sums["rejected"] or 0, sums["last"])


def last_imports() -> dict[str, datetime]:
    """When the last import of each kind ended well."""
    ended = IngestRun.objects.filter(state=State.DONE, finished_at__isnull=False).values("kind")
    return dict(ended.annotate(last=Max("finished_at")).order_by().values_list("kind", "last"))


def rejected_rows(run: IngestRun) -> QuerySet[RejectedRow]:
    return RejectedRow.objects.filter(run=run)


def rejection_reasons(run: IngestRun) -> list[tuple[str, str, int]]:
    """Column, reason, how often; the most frequent first."""
    counted = rejected_rows(run).values_list("column", "reason").annotate(n=Count("pk"))
    return list(counted.order_by("-n", "column", "reason")[:REASONS_SHOWN])


def rejected_cells(run: IngestRun) -> Iterator[tuple[int, str, str, str]]:
    """Line, column, value and reason of every refused row, read as they are written out."""
    rows = rejected_rows(run).order_by("line", "pk").values_list("line", "column", "value", "reason")
    return rows.iterator(chunk_size=5000)


def saved_mappings(kind: str) -> list[ImportMapping]:
    """The newest first: of several that fit a file, the last one that somebody thought about is the better guess."""
    return list(ImportMapping.objects.filter(kind=kind).order_by("-at", "-pk"))


def mapping_list() -> QuerySet[ImportMapping]:
    return ImportMapping.objects.select_related("by")
