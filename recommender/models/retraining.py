from django.db import models
from django.db.models import Q

from loyalty.models import Job


class Retraining(models.Model):
    """Whether, how often and on how much history recommenders are trained again by themselves; one row."""

    class Mode(models.TextChoices):
        OFF = "off", "Never by itself"
        SUGGEST = "suggest", "Train, and ask before it serves"
        AUTOMATIC = "automatic", "Train, and let it serve where it surely beats the one in use"

    id = models.SmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=16, choices=Mode, default=Mode.OFF)
    every_days = models.PositiveSmallIntegerField(default=7)
    window_months = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: all history.")
    last_at = models.DateTimeField(null=True, blank=True)
    last_job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_retraining"),
            models.CheckConstraint(condition=Q(every_days__gte=1), name="retraining_every_positive"),
            models.CheckConstraint(
                condition=Q(window_months__isnull=True) | Q(window_months__gte=5), name="retraining_window_enough"
            ),
        ]

    def __str__(self) -> str:
        return self.get_mode_display()
