from django.db import models
from django.db.models import Q

from loyalty.models import Customer
from segments.models.segment import Segment


class SegmentMembership(models.Model):
    """A customer in a segment, from one moment until another, or until further notice."""

    untracked = "It keeps from when until when itself."

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="segment_memberships")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    entered_because = models.CharField(max_length=200, blank=True)
    left_because = models.CharField(max_length=200, blank=True)
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
