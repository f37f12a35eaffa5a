from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from campaigns.models.campaigns import Campaign
from loyalty.models import Customer, Job
from recommender.models import ModelVersion


class IncentivePlan(models.Model):
    """Which of a few benefits is enough for whom: the one answer of largest expected margin within a budget."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="incentive_plans")
    model_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="incentive_plans"
    )
    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    benefits = ArrayField(models.FloatField(), help_text="What one use of each gives, smallest first.")
    budget = models.FloatField(null=True, blank=True, help_text="For contacts and benefits; empty for no limit.")
    odds = models.FloatField(help_text="Factor of the odds of taking it when the benefit doubles.")
    is_learnt = models.BooleanField(help_text="Whether past campaigns say that factor; else it is assumed.")
    n_customers = models.PositiveIntegerField(help_text="Customers who were looked at.")
    n_given = models.PositiveIntegerField(help_text="Customers who get a benefit.")
    value = models.FloatField(help_text="Expected margin, benefits and contacts paid.")
    value_low = models.FloatField()
    value_high = models.FloatField()
    spend = models.FloatField(help_text="Expected cost of benefits and contacts.")
    bound = models.FloatField(help_text="The linear programme's value: no answer is worth more.")
    shadow_price = models.FloatField(help_text="What one more unit of budget would bring.")
    currency = models.CharField(max_length=3)
    evidence = models.JSONField(default=dict, help_text="Per benefit, beside one benefit for all; what is assumed.")
    seed = models.BigIntegerField()
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="incentive_plan")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(value_low__lte=F("value_high")), name="incentive_interval_in_order"),
            models.CheckConstraint(condition=Q(odds__gt=0), name="incentive_odds_above_zero"),
        ]

    def __str__(self) -> str:
        return f"Incentives of {self.campaign_id}, as of {self.as_of:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("campaign-incentives", args=[self.campaign_id])


class IncentiveChoice(models.Model):
    """The benefit that is enough for one customer."""

    untracked = "It can be computed again at any time."

    plan = models.ForeignKey(IncentivePlan, on_delete=models.CASCADE, related_name="choices", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="incentive_choices")
    benefit = models.FloatField(help_text="What one use gives.")
    chance = models.FloatField(help_text="Of taking it.")
    smallest_chance = models.FloatField(help_text="Of taking it for the smallest benefit.")
    value = models.FloatField(help_text="Expected margin, the contact paid.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "customer"], name="one_benefit_a_customer"),
            models.CheckConstraint(condition=Q(chance__gte=0, chance__lte=1), name="incentive_chance_is_a_chance"),
        ]

    def __str__(self) -> str:
        return f"{self.benefit} for {self.customer_id}"
