from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from campaigns.models.audiences import Audience
from campaigns.models.campaigns import Campaign
from campaigns.models.simulations import ForecastIsFinal, Simulation


class LedgerEntry(models.Model):
    """How many were forecast to take a campaign, as it was said then. The database refuses to change or remove one."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="ledger_entries")
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="ledger_entries")
    # The ledger outlives the simulation: what was said was said.
    simulation = models.OneToOneField(
        Simulation,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="ledger_entry",
    )
    estimator = models.CharField(max_length=32, help_text="What told customers apart.")
    code_version = models.CharField(max_length=32)
    is_replayed = models.BooleanField(
        help_text="Made later, with what was known then, and not when the campaign was planned."
    )
    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    made_at = models.DateTimeField()
    n_customers = models.PositiveIntegerField()
    centres = ArrayField(models.FloatField(), help_text="Log-odds of customers counted together, best first.")
    sizes = ArrayField(models.PositiveIntegerField(), help_text="How many customers each of them stands for.")
    effect_mean = models.FloatField(help_text="What was believed of whole campaigns, on the log-odds.")
    effect_sd = models.FloatField()
    effect_campaigns = models.PositiveIntegerField(help_text="Finished campaigns that this was learnt from.")
    mid = models.FloatField()
    mean = models.FloatField()
    low_50 = models.FloatField()
    high_50 = models.FloatField()
    low_80 = models.FloatField()
    high_80 = models.FloatField()
    low_90 = models.FloatField()
    high_90 = models.FloatField()
    low_95 = models.FloatField()
    high_95 = models.FloatField()
    naive_low_90 = models.FloatField(help_text="If customers were independent coins: too narrow.")
    naive_high_90 = models.FloatField()
    fingerprint = models.CharField(max_length=64, unique=True, help_text="Of all it says: said again, it is kept once.")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["campaign", "estimator"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(low_95__lte=F("low_90"))
                & Q(low_90__lte=F("low_80"))
                & Q(low_80__lte=F("low_50"))
                & Q(low_50__lte=F("mid"))
                & Q(mid__lte=F("high_50"))
                & Q(high_50__lte=F("high_80"))
                & Q(high_80__lte=F("high_90"))
                & Q(high_90__lte=F("high_95")),
                name="ledger_intervals_are_nested",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.mid:.0f} [{self.low_90:.0f}, {self.high_90:.0f}]"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise ForecastIsFinal("A forecast cannot be changed. Run the simulation again instead.")
        super().save(*args, **kwargs)


class LedgerOutcome(models.Model):
    """What happened, beside the forecast; the forecast itself stays as it was."""

    untracked = "It can be counted again at any time."

    entry = models.OneToOneField(LedgerEntry, on_delete=models.CASCADE, related_name="outcome")
    n_redeemers = models.PositiveIntegerField()
    taken = ArrayField(
        models.PositiveIntegerField(), help_text="How many of each group of the forecast took it; empty if not known."
    )
    effect = models.FloatField(help_text="Shift on the log-odds that makes the forecast what happened.")
    effect_sd = models.FloatField(help_text="Of that, by chance of the customers alone.")
    observed_until = models.DateTimeField()
    is_complete = models.BooleanField(help_text="The window had closed when this was counted.")

    class Meta:
        ordering = ["entry"]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.n_redeemers}"
