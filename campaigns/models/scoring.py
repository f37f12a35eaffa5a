from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from campaigns.models.campaigns import Campaign
from recommender.models import ModelVersion


class CustomerScoring(models.Model):
    """All customers being scored for one simulation, a part at a time; gone as soon as it is made."""

    untracked = "It can be computed again at any time."

    key = models.CharField(max_length=64, unique=True, help_text="Of the job that it belongs to.")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="scorings")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="scorings")
    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    begun_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Customers scored for {self.campaign}"


class ScoredPart(models.Model):
    """The customers with keys in one range: what was known of each, the log-odds and the reasons, as arrays."""

    untracked = CustomerScoring.untracked

    scoring = models.ForeignKey(CustomerScoring, on_delete=models.CASCADE, related_name="parts", db_index=False)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    n_customers = models.PositiveIntegerField()
    redeemers = ArrayField(
        models.IntegerField(), default=list, help_text="In a few simulated campaigns: what is told so far."
    )
    arrays = models.BinaryField()

    class Meta:
        ordering = ["scoring", "first_id"]
        constraints = [
            models.UniqueConstraint(fields=["scoring", "first_id"], name="part_scored_once"),
            models.CheckConstraint(condition=Q(last_id__gte=F("first_id")), name="scored_range_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.n_customers:,} customers from {self.first_id}"
