"""What customers are expected to order and spend, and how well earlier expectations were met."""

from django.db import models
from django.db.models import F, Q

from loyalty.models import Customer, Job


class LifetimeReport(models.Model):
    """The newest fit on all orders before `as_of`, and how it did on a time it had not seen."""

    untracked = "It can be computed again at any time."

    as_of = models.DateTimeField()
    horizon_days = models.PositiveSmallIntegerField()
    parameters = models.JSONField(default=dict, help_text="Of the fitted model; empty where it was refused.")
    facts = models.JSONField(default=dict, help_text="Totals, and expectation beside outcome on the time held out.")
    refusal = models.CharField(max_length=300, blank=True, help_text="Why nothing can be expected; empty if it can.")
    currency = models.CharField(max_length=3, blank=True)
    n_customers = models.IntegerField(default=0)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="lifetime_reports")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Lifetime as of {self.as_of:%Y-%m-%d}"


class Prediction(models.Model):
    """What is expected of one customer within the horizon, with what holds nine times in ten."""

    class Kind(models.TextChoices):
        CLV = "clv", "Customer lifetime value"

    untracked = "It can be computed again at any time."

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="predictions")
    kind = models.CharField(max_length=16, choices=Kind)
    as_of = models.DateTimeField()
    horizon_days = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    predicted_clv = models.FloatField(help_text="Spend to expect within the horizon.")
    predicted_clv_low = models.FloatField()
    predicted_clv_high = models.FloatField()
    historic_clv = models.FloatField(help_text="Spend so far, returns taken off.")
    expected_orders = models.FloatField()
    expected_orders_low = models.FloatField()
    expected_orders_high = models.FloatField()
    chance_alive = models.FloatField(help_text="Chance (0-1) to still be a customer.")
    chance_alive_low = models.FloatField()
    chance_alive_high = models.FloatField()
    average_days_between_orders = models.FloatField(null=True, blank=True)
    expected_date_of_next_order = models.DateField(
        null=True, blank=True, help_text="By then one in two such customers has ordered; empty where fewer will."
    )
    next_order_low = models.DateField(null=True, blank=True, help_text="By then one in twenty has.")
    next_order_high = models.DateField(null=True, blank=True, help_text="By then nineteen in twenty have; often never.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["kind", "-predicted_clv"], name="prediction_best_first")]
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind"], name="one_prediction_of_a_kind"),
            models.CheckConstraint(
                condition=Q(chance_alive__gte=0) & Q(chance_alive__lte=1), name="chance_alive_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(predicted_clv_low__lte=F("predicted_clv_high")), name="prediction_low_below_high"
            ),
        ]

    @property
    def churn_probability(self) -> float:
        return 1 - self.chance_alive

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.customer_id}"
