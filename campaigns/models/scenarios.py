from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.scenarios import CountDraws
from campaigns.engine.simulation import Assumptions, LogitBins, RedemptionCounts
from campaigns.models.simulations import Simulation
from loyalty.models import Job


class Scenario(models.Model):
    """One of up to four plans that are held side by side: the campaign with another benefit, size, audience or dates.

    Its forecast is the simulated campaigns themselves: draw 7 of every scenario of a simulation is the same simulated
    campaign, so that what parts two of them can be told with an interval of its own.
    """

    untracked = "It is a what-if; what is applied of it is in the trail of the campaign."

    class Response(models.TextChoices):
        SAME = "same", "The same response is taken for granted"
        LEARNT = "learnt", "Response to the benefit is learnt from past offers"
        ASSUMED = "assumed", "The change in response is your assumption"

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=100)
    benefit_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    benefit_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    audience_rule = models.JSONField(default=dict, help_text="Who it would reach, with the number settled.")
    response = models.CharField(max_length=16, choices=Response, default=Response.SAME)
    response_change = models.FloatField(
        null=True, blank=True, help_text="Assumed: 0.2 for a fifth more people who take it."
    )
    assumptions = models.JSONField(default=dict, help_text="Costs, margin, revenue a redemption; each with its source.")
    support = models.JSONField(default=list, help_text="How far it lies within what has been seen.")
    effect = models.JSONField(default=dict, help_text="What is believed of the campaign effect: mean, sd, campaigns.")
    counts = models.JSONField(default=dict, help_text="How often people redeem who redeem at all.")
    bin_centres = ArrayField(models.FloatField(), null=True, help_text="Log-odds of people of similar odds.")
    bin_sizes = ArrayField(models.IntegerField(), null=True)
    redeemers = ArrayField(models.IntegerField(), null=True, help_text="Of each simulated campaign.")
    redemptions = ArrayField(models.IntegerField(), null=True)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it could not be simulated.")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="scenarios")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="scenarios_made"
    )
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True, help_text="No longer shown; its forecast is kept.")

    class Meta:
        ordering = ["simulation", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="scenario_window_not_empty"),
            models.CheckConstraint(
                condition=Q(benefit_percent__isnull=True) | Q(benefit_percent__gt=0, benefit_percent__lte=100),
                name="scenario_percent_in_range",
            ),
            models.CheckConstraint(
                condition=Q(benefit_amount__isnull=True) | Q(benefit_amount__gt=0), name="scenario_amount_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(redeemers__isnull=True, redemptions__isnull=True, bin_sizes__isnull=True)
                | Q(redeemers__isnull=False, redemptions__isnull=False, bin_sizes__isnull=False),
                name="scenario_is_simulated_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("scenarios", args=[self.simulation_id])

    @property
    def is_made(self) -> bool:
        """Whether its forecast is there; from then on the database refuses to change it."""
        return self.redeemers is not None

    @property
    def is_waiting(self) -> bool:
        return not self.is_made and not self.problem

    @property
    def n_customers(self) -> int | None:
        return sum(self.bin_sizes) if self.bin_sizes is not None else None

    @property
    def bins(self) -> LogitBins:
        return LogitBins(np.array(self.bin_centres), np.array(self.bin_sizes, dtype=np.int64))

    @property
    def draws(self) -> CountDraws:
        redeemers, redemptions = (np.array(drawn, dtype=np.int64) for drawn in (self.redeemers, self.redemptions))
        return CountDraws(self.n_customers or 0, redeemers, redemptions)

    @property
    def campaign_effect(self) -> CampaignEffect:
        return CampaignEffect(**self.effect)

    @property
    def redemption_counts(self) -> RedemptionCounts:
        return RedemptionCounts(np.array(self.counts["values"], dtype=np.int64), np.array(self.counts["shares"]))

    @property
    def money(self) -> Assumptions:
        return Assumptions(**{name: line["value"] for name, line in self.assumptions.items()})

    @property
    def values(self) -> dict[str, Any]:
        """What one scenario hands on to another that differs in nothing but money."""
        names = (
            "simulation", "benefit_percent", "benefit_amount", "starts_at", "ends_at", "audience_rule", "response",
            "response_change", "support", "effect", "counts", "bin_centres", "bin_sizes", "redeemers", "redemptions",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}
