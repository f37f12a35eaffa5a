from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from campaigns.models.audiences import Audience
from campaigns.models.campaigns import Campaign
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


class ForecastIsFinal(Exception):
    """A forecast is kept as it was made; a better one is a new simulation."""


class Forecast(models.Model):
    """One number of a simulation with its intervals. Never edited: it is what we will be held to."""

    class Basis(models.TextChoices):
        BACK_TESTED = "back_tested", "Tested on past campaigns"
        ASSUMPTION = "assumption", "Your assumption times a tested count"
        KNOWN = "known", "Known"

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="forecasts")
    metric = models.CharField(max_length=16, choices=Metric)
    basis = models.CharField(max_length=16, choices=Basis)
    mean = models.FloatField()
    mid = models.FloatField()
    low_50 = models.FloatField()
    high_50 = models.FloatField()
    low_80 = models.FloatField()
    high_80 = models.FloatField()
    low_90 = models.FloatField()
    high_90 = models.FloatField()
    low_95 = models.FloatField()
    high_95 = models.FloatField()
    naive_low_90 = models.FloatField(
        null=True, blank=True, help_text="If customers were independent coins: too narrow."
    )
    naive_high_90 = models.FloatField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="Empty for a count.")

    class Meta:
        ordering = ["simulation", "id"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "metric"], name="one_forecast_a_metric"),
            models.CheckConstraint(
                condition=Q(low_95__lte=F("low_90"))
                & Q(low_90__lte=F("low_80"))
                & Q(low_80__lte=F("low_50"))
                & Q(low_50__lte=F("mid"))
                & Q(mid__lte=F("high_50"))
                & Q(high_50__lte=F("high_80"))
                & Q(high_80__lte=F("high_90"))
                & Q(high_90__lte=F("high_95")),
                name="intervals_are_nested",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.mid:.0f} [{self.low_90:.0f}, {self.high_90:.0f}]"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise ForecastIsFinal("A forecast cannot be changed. Run the simulation again instead.")
        super().save(*args, **kwargs)
