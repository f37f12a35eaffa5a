from django.db import models
from django.db.models import Q
from django.urls import reverse

from loyalty.models import Customer, Job


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
    is_current = models.BooleanField(default=False)
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
    profile = models.JSONField(default=dict, help_text="Mean and standardised mean of every feature.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["segmentation", "number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["segmentation", "number"], name="segment_number_once"),
            models.CheckConstraint(
                condition=~Q(kind="cluster") | Q(segmentation__isnull=False), name="cluster_has_segmentation"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("segment", args=[self.pk])


class SegmentMembership(models.Model):
    """A customer in a segment, from one moment until another, or until further notice."""

    untracked = "It keeps from when until when itself."

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="segment_memberships")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    map_x = models.FloatField(null=True, blank=True)
    map_y = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "customer"],
                condition=Q(valid_until__isnull=True),
                name="one_open_membership",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=models.F("valid_from")),
                name="membership_span_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.segment_id}"
