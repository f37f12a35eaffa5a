from django.db import models
from django.urls import reverse

from campaigns.models.audiences import Audience
from campaigns.models.campaigns import Campaign
from campaigns.models.intervals import ForecastNumber, nested_intervals
from loyalty.models import Job
from recommender.models import ModelVersion


class Metric(models.TextChoices):
    """What is forecast and later measured; a forecast and an outcome of one metric are comparable."""

    REACH = "reach", "Customers reached"
    REDEEMERS = "redeemers", "Customers who take it"
    REDEMPTIONS = "redemptions", "Times it is taken"
    UNITS = "units", "Pieces sold with it"
    REVENUE = "revenue", "Revenue from it"
    DISCOUNT_COST = "discount_cost", "Cost of the benefit"
    POINTS_LIABILITY = "points_liability", "Of it owed in points"
    CONTACT_COST = "contact_cost", "Cost of contact"
    MARGIN = "margin", "Margin"
    PROFIT = "profit", "Profit"


class Simulation(models.Model):
    """A what-if: this campaign, sent to this audience, as it looked at `as_of`."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="simulations")
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="simulations")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="simulations")
    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    assumptions = models.JSONField(default=dict, help_text="Costs, margin, revenue a redemption; each with its source.")
    evidence = models.JSONField(default=dict, help_text="Past campaigns learned from, campaign effect, back-test.")
    curves = models.JSONField(default=dict, help_text="Profit by depth, reception over days, by segment, drivers.")
    seed = models.BigIntegerField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="simulations")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.audience}"

    def get_absolute_url(self) -> str:
        return reverse("simulation", args=[self.pk])

    @property
    def audience_title(self) -> str:
        """Whom it was simulated for, in words."""
        was_sent = self.audience_id == self.campaign.audience_id and self.audience.kind == Audience.Kind.IMPORTED
        return self.audience.get_kind_display() if was_sent else self.audience.name


class Forecast(ForecastNumber):
    """One number of a simulation with its intervals. Never edited: it is what we will be held to."""

    class Basis(models.TextChoices):
        BACK_TESTED = "back_tested", "Tested on past campaigns"
        ASSUMPTION = "assumption", "Your assumption times a tested count"
        KNOWN = "known", "Known"

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="forecasts")
    metric = models.CharField(max_length=16, choices=Metric)
    basis = models.CharField(max_length=16, choices=Basis)
    naive_low_90 = models.FloatField(
        null=True, blank=True, help_text="If customers were independent coins: too narrow."
    )
    naive_high_90 = models.FloatField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="Empty for a count.")

    class Meta:
        ordering = ["simulation", "id"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "metric"], name="one_forecast_a_metric"),
            nested_intervals("intervals_are_nested"),
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.mid:.0f} [{self.low_90:.0f}, {self.high_90:.0f}]"
