"""How customers divide by rule of thumb (RFM) and by their own rhythm (lifecycle): one reading of each, the newest."""

from django.db import models

from loyalty.models import Job


class GroupReport(models.Model):
    """One reading of all orders before `as_of`. Who is in a group is kept as memberships of its segment."""

    class Kind(models.TextChoices):
        RFM = "rfm", "RFM"
        LIFECYCLE = "lifecycle", "Lifecycle"

    untracked = "It can be computed again at any time."

    kind = models.CharField(max_length=16, choices=Kind, unique=True)
    as_of = models.DateTimeField()
    spec = models.JSONField(default=dict, help_text="All that is needed to read it again.")
    facts = models.JSONField(default=dict, help_text="Sizes, limits, moves between groups from month to month.")
    refusal = models.CharField(max_length=300, blank=True, help_text="Why there is nothing to tell; empty if there is.")
    currency = models.CharField(max_length=3, blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="group_reports")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["kind"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} as of {self.as_of:%Y-%m-%d}"
