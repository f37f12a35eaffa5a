from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse


class Job(models.Model):
    """A unit of long work. This row holds the work; Celery only wakes a worker to claim it.

    A job with steps is the parent of one job a step, done in the order of `position`; steps in a row that are marked
    `is_beside` do not wait for each other, only for those before them.
    """

    untracked = "It changes with every report; its log tells people what happened."

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for the step before"
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        DEAD = "dead", "Stopped after repeated crashes"

    OPEN_STATES = [State.WAITING, State.QUEUED, State.RUNNING]
    ENDED_STATES = [State.DONE, State.FAILED, State.CANCELLED, State.DEAD]

    task = models.CharField(max_length=100, blank=True, help_text="Name of the Celery task; empty for a parent.")
    label = models.CharField(max_length=200)
    params = models.JSONField(default=dict, blank=True)
    key = models.CharField(
        max_length=100, null=True, blank=True, unique=True, help_text="The same key is the same job."
    )
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=0)
    is_beside = models.BooleanField(default=False, help_text="Need not wait for steps next to it that need not either.")
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0, help_text="Grows with every claim; a write carries the one it got.")
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_overdue"),
            models.Index(fields=["queued_at"], condition=Q(state="queued"), name="job_queue"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "position"], condition=Q(parent__isnull=False), name="job_step_once"
            ),
            models.CheckConstraint(condition=Q(done__gte=0) & Q(total__gte=0), name="job_progress_not_negative"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(task="") | Q(lease_until__isnull=False),
                name="running_job_has_lease",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.parent_id or self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @property
    def share_done(self) -> float:
        """Between 0 and 1; a job that cannot say how much there is stays at 0 until it is done."""
        if self.state == self.State.DONE:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0


class JobEntry(models.Model):
    """A line of a job's log, for people."""

    untracked = "It is a log."

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "job entries"

    def __str__(self) -> str:
        return self.text
