from django.db import models
from django.db.models import Q

from campaigns.models.campaigns import Campaign
from campaigns.models.offers import Offer
from campaigns.models.simulations import Metric
from loyalty.models import Customer, Order


class Redemption(models.Model):
    """A customer took an offer of a campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="redemptions", db_index=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="redemptions")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="redemptions")
    redeemed_at = models.DateTimeField()
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="redemptions", db_index=False
    )
    code = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The voucher that was used."
    )
    discount = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="What it took off, in the offer's currency."
    )

    class Meta:
        ordering = ["redeemed_at", "id"]
        indexes = [models.Index(fields=["campaign", "redeemed_at"])]
        constraints = [
            models.UniqueConstraint(fields=["offer", "customer", "redeemed_at"], name="redeemed_once_a_moment"),
            models.CheckConstraint(condition=Q(discount__gte=0), name="redemption_discount_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} took {self.offer_id}"


class Outcome(models.Model):
    """What really happened, in the same words as the forecast, counted until `observed_until`."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="outcomes")
    metric = models.CharField(max_length=16, choices=Metric)
    value = models.FloatField()
    currency = models.CharField(max_length=3, blank=True)
    observed_until = models.DateTimeField()
    is_complete = models.BooleanField(help_text="The window had closed when this was counted.")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["campaign", "id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "metric"], name="one_outcome_a_metric")]

    def __str__(self) -> str:
        return f"{self.metric}: {self.value:.0f}"
