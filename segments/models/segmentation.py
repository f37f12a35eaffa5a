from django.db import models
from django.db.models import Q
from django.urls import reverse

from loyalty.models import Job


class Segmentation(models.Model):
    """One run that divided the customers as they were at `as_of`."""

    name = models.CharField(max_length=100)
    spec = models.JSONField(help_text="Features, scaling, range of k: all that is needed to run it again.")
    as_of = models.DateTimeField()
    k = models.PositiveSmallIntegerField()
    silhouette = models.FloatField()
    scores = models.JSONField(
        default=list, help_text="For every k tried: silhouette, Davies-Bouldin, stability, smallest share."
    )
    feature_names = models.JSONField(default=list)
    verdict = models.CharField(max_length=300, help_text="Is there any structure here? In one sentence.")
    projection = models.JSONField(default=dict, help_text="Axes of the two-dimensional map and what they explain.")
    agreement = models.FloatField(
        null=True,
        blank=True,
        help_text="Adjusted Rand index with the segmentation before, over the customers in both; 1 is identical.",
    )
    findings = models.JSONField(
        default=dict, blank=True, help_text="What was found of every group, and what to think of it."
    )
    is_current = models.BooleanField(default=False)
    saved_at = models.DateTimeField(
        null=True, blank=True, help_text="When its groups became segments; empty while it is only looked at."
    )
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="segmentations")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="one_current_segmentation"
            ),
            models.CheckConstraint(condition=Q(silhouette__gte=-1, silhouette__lte=1), name="silhouette_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.as_of:%Y-%m-%d})"

    def get_absolute_url(self) -> str:
        return reverse("segmentation", args=[self.pk])
