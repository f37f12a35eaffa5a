from django.conf import settings
from django.db import models
from django.db.models import Q

from loyalty.models import Job
from segments.models.segment import Segment


class SegmentRule(models.Model):
    """By which rule customers belong to a segment. A changed rule is the next version; the trail keeps the old ones."""

    segment = models.OneToOneField(Segment, primary_key=True, on_delete=models.CASCADE, related_name="rule")
    tree = models.JSONField(help_text="The rule: conditions joined by every, some and not.")
    version = models.PositiveIntegerField(default=1)
    refresh_hours = models.PositiveSmallIntegerField(
        default=24, help_text="After how many hours everybody is looked at again."
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="segment_rules"
    )
    edited_at = models.DateTimeField()

    class Meta:
        ordering = ["segment"]
        constraints = [
            models.CheckConstraint(condition=Q(refresh_hours__gte=1), name="segment_refresh_hours_positive"),
        ]

    def __str__(self) -> str:
        return f"Rule of {self.segment_id}, version {self.version}"


class SegmentRefresh(models.Model):
    """One look at who fits a rule: how many came and left, up to when data were known, and how long it took."""

    untracked = "It is a log of its own."

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="refreshes")
    at = models.DateTimeField()
    as_of = models.DateTimeField(help_text="Up to when data were looked at.")
    version = models.PositiveIntegerField(help_text="Of the rule.")
    is_full = models.BooleanField(help_text="Everybody was looked at, not only who changed.")
    seconds = models.FloatField()
    n_entered = models.IntegerField(default=0)
    n_left = models.IntegerField(default=0)
    n_members = models.IntegerField(default=0)
    mark = models.BigIntegerField(help_text="Up to which change of the data it had seen.")
    trouble = models.CharField(max_length=300, blank=True, help_text="Why it could not be done, as a sentence.")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="segment_refreshes")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "segment refreshes"
        indexes = [models.Index(fields=["segment", "-id"], name="newest_refresh_of_segment")]

    def __str__(self) -> str:
        return f"{self.segment_id} at {self.at:%Y-%m-%d %H:%M %Z}"
