from django.db import models
from django.db.models import Q

from loyalty.models import Job


class DecayChoice(models.Model):
    """How fast purchases grow old for one task, as one search over earlier windows found it. Never changed."""

    class Task(models.TextChoices):
        BUY_AGAIN = "buy_again", "Buying again"
        DISCOVER = "discover", "Discovering something new"

    task = models.CharField(max_length=16, choices=Task)
    half_life_days = models.FloatField(null=True, help_text="Empty: how old a purchase is does not matter.")
    grid = models.JSONField(help_text="A row a candidate: half-life, quality and gain over no decay, with intervals.")
    test = models.JSONField(help_text="What the choice was worth on the window that had no say in it.")
    as_of = models.DateTimeField()
    data_fingerprint = models.CharField(max_length=64)
    code_version = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="decay_choices")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "task"], condition=Q(job__isnull=False), name="one_decay_a_job_and_task"
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__isnull=True) | Q(half_life_days__gt=0), name="half_life_positive"
            ),
        ]

    def __str__(self) -> str:
        span = f"half-life {self.half_life_days:g} days" if self.half_life_days else "no decay"
        return f"{self.get_task_display()}: {span}"
