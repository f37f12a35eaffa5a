from django.db import models
from django.db.models import Q
from django.urls import reverse

from segments.models.segmentation import Segmentation


class Segment(models.Model):
    """A saved definition of a group."""

    class Kind(models.TextChoices):
        RULE = "rule", "Rule"
        RFM = "rfm", "RFM"
        LIFECYCLE = "lifecycle", "Lifecycle"
        CLUSTER = "cluster", "Found in the data"
        IMPORTED = "imported", "Imported"

    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    segmentation = models.ForeignKey(
        Segmentation, null=True, blank=True, on_delete=models.CASCADE, related_name="segments"
    )
    number = models.PositiveSmallIntegerField(default=0, help_text="Its place, and colour, within the segmentation.")
    continues = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="continued_by",
        help_text="The same segment in the segmentation before.",
    )
    profile = models.JSONField(default=dict, help_text="What is usual, and how far means are from that of all.")
    created_at = models.DateTimeField()
    frozen_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when its members stay as they are; empty for one that goes on."
    )

    class Meta:
        ordering = ["segmentation", "number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["segmentation", "number"], name="segment_number_once"),
            models.UniqueConstraint(
                fields=["kind", "number"],
                condition=Q(kind__in=["rfm", "lifecycle"]),
                name="group_of_a_kind_once",
            ),
            models.CheckConstraint(
                condition=~Q(kind="cluster") | Q(segmentation__isnull=False), name="cluster_has_segmentation"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("segment", args=[self.pk])
