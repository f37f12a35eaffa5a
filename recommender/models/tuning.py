from django.db import models

from loyalty.models import Job
from recommender.models.versions import ModelVersion


class Tuning(models.Model):
    """One search over a recommender's settings, on weeks before the test; never changed."""

    algorithm = models.CharField(max_length=64)
    version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tunings",
        help_text="The version trained with what was found.",
    )
    budget_seconds = models.FloatField()
    gain = models.JSONField(help_text="{value, low, high} of the best over the defaults, before the test.")
    as_of = models.DateTimeField()
    seed = models.BigIntegerField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="tunings")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "algorithm"], condition=models.Q(job__isnull=False), name="tuned_once_a_job"
            ),
        ]

    def __str__(self) -> str:
        return f"Search for {self.algorithm}"


class TuningTrial(models.Model):
    """One try of a search: its settings and what they were worth."""

    untracked = "It is a measurement, written once with its search."

    tuning = models.ForeignKey(Tuning, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField(help_text="0 has the defaults.")
    params = models.JSONField()
    value = models.FloatField(help_text="Recall at 10 on the windows before the test, 0 to 1.")
    low = models.FloatField()
    high = models.FloatField()
    seconds = models.FloatField()
    is_chosen = models.BooleanField(default=False)

    class Meta:
        ordering = ["tuning", "number"]
        constraints = [models.UniqueConstraint(fields=["tuning", "number"], name="trial_once")]

    def __str__(self) -> str:
        return f"Try {self.number} of {self.tuning_id}"
