from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from loyalty.models.jobs import Job
from loyalty.models.records import ImportMapping, IngestRun


class ImportSource(models.Model):
    """A folder, bucket or address that is looked into again and again, and whose new files are taken in."""

    class Every(models.TextChoices):
        MINUTES = "minutes", "minutes"
        HOURS = "hours", "hours"
        DAY = "day", "day, at a time"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=32)
    url = models.CharField(max_length=500, help_text="Where the files are. Never holds a password.")
    pattern = models.CharField(max_length=200, default="*.csv", help_text="Which files of the folder are meant.")
    mapping = models.ForeignKey(
        ImportMapping,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="sources",
        help_text="Which column is which; empty for files in our own words.",
    )
    options = models.JSONField(default=dict, blank=True, help_text="What is done with bad rows and unknown keys.")
    every = models.CharField(max_length=16, choices=Every, default=Every.DAY)
    every_n = models.PositiveSmallIntegerField(default=1, help_text="Every so many minutes or hours.")
    day_time = models.TimeField(null=True, blank=True, help_text="In the shop's time zone.")
    is_active = models.BooleanField(default=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When the folder was last looked into.")
    trouble = models.TextField(blank=True, help_text="What was wrong the last time, as a sentence.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["next_due_at"], condition=Q(is_active=True), name="source_due")]
        constraints = [
            models.CheckConstraint(condition=Q(every_n__gte=1), name="source_every_positive"),
            models.CheckConstraint(condition=~Q(every="day") | Q(day_time__isnull=False), name="source_day_has_time"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("source", args=[self.pk])


class SourceVisit(models.Model):
    """A moment at which a source was due, and the job that looks into it. One a source and moment."""

    source = models.ForeignKey(ImportSource, on_delete=models.CASCADE, related_name="visits")
    due_at = models.DateTimeField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="source_visits")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["source", "due_at"], name="source_visited_once_a_moment")]

    def __str__(self) -> str:
        return f"{self.source} at {self.due_at:%Y-%m-%d %H:%M %Z}"


class SourceFile(models.Model):
    """A file of a source as it was at one time. Each such state of it is taken once."""

    class State(models.TextChoices):
        GROWING = "growing", "Still being written"
        TAKING = "taking", "Being taken in"
        TAKEN = "taken", "Taken in"
        SAME = "same", "Same content as before"
        REFUSED = "refused", "Refused"

    source = models.ForeignKey(ImportSource, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=500)
    size = models.BigIntegerField()
    mark = models.CharField(max_length=200, help_text="The place's own mark of this content, or when it was changed.")
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=State)
    note = models.TextField(blank=True)
    run = models.OneToOneField(IngestRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="source_file")
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "path", "size", "mark"], name="source_file_taken_once")
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def n_accepted(self) -> int:
        return self.run.n_created + self.run.n_updated + self.run.n_unchanged if self.run else 0

    @property
    def badge(self) -> str:
        """The state in the words by which badges are coloured."""
        return {"taken": "done", "same": "done", "refused": "failed", "taking": "running"}.get(self.state, "waiting")
