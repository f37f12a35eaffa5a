from django.conf import settings
from django.db import models
from django.urls import reverse

from loyalty.models.jobs import Job


class IngestRun(models.Model):
    """One file, or one call, that brought records in: what was taken, what was not, and why."""

    untracked = "It is the record of an import."

    class State(models.TextChoices):
        DRAFT = "draft", "Being prepared"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked, nothing written yet"
        PENDING = "pending", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        DISCARDED = "discarded", "Thrown away"

    NOT_BEGUN = [State.DRAFT, State.CHECKING, State.CHECKED]

    kind = models.CharField(max_length=32)
    source = models.CharField(max_length=200, help_text="File name, or the name of the system that called.")
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    n_rows = models.BigIntegerField(default=0)
    n_created = models.BigIntegerField(default=0)
    n_updated = models.BigIntegerField(default=0)
    n_unchanged = models.BigIntegerField(default=0)
    n_rejected = models.BigIntegerField(default=0)
    note = models.TextField(blank=True)
    options = models.JSONField(default=dict, blank=True, help_text="What was decided for this import.")
    reading = models.JSONField(default=dict, blank=True, help_text="Encoding, delimiter and sheet, where chosen.")
    mapping = models.JSONField(default=dict, blank=True, help_text="Which column is which, and how cells are written.")
    checked = models.JSONField(default=dict, blank=True, help_text="What the check found would happen.")
    file_size = models.BigIntegerField(null=True, blank=True, help_text="Bytes.")
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text="The same source read in the same way has the same one."
    )
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="ingest_runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} from {self.source}"

    def get_absolute_url(self) -> str:
        return reverse("ingest-run", args=[self.pk])


class ImportMapping(models.Model):
    """Decisions about one layout of file, kept under a name for the next file of the same layout."""

    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    columns = models.JSONField(default=dict, help_text="Column of the file → our column; empty: skipped on purpose.")
    constants = models.JSONField(default=dict, blank=True, help_text="Our column → one value for all rows.")
    options = models.JSONField(default=dict, blank=True, help_text="How cells are written, what to do with unknowns.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="import_mappings"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="mapping_named_once_a_kind")]

    def __str__(self) -> str:
        return self.name


class RejectedRow(models.Model):
    """A row that was not taken: where it stood, what was wrong, what to do."""

    untracked = "It is part of the record of an import."

    run = models.ForeignKey(IngestRun, on_delete=models.CASCADE, related_name="rejected_rows")
    line = models.BigIntegerField(help_text="Line of the file, the heading being line 1.")
    column = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["run", "line"]
        constraints = [models.UniqueConstraint(fields=["run", "line", "column"], name="row_rejected_once_a_column")]

    def __str__(self) -> str:
        return f"Line {self.line}, {self.column}: {self.reason}"
