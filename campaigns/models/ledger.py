from django.contrib.postgres.fields import ArrayField
from django.db import models

from campaigns.models.audiences import Audience
from campaigns.models.campaigns import Campaign
from campaigns.models.intervals import ForecastNumber, nested_intervals
from campaigns.models.simulations import Simulation


class LedgerEntry(ForecastNumber):
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
    naive_low_90 = models.FloatField(help_text="If customers were independent coins: too narrow.")
    naive_high_90 = models.FloatField()
    fingerprint = models.CharField(max_length=64, unique=True, help_text="Of all it says: said again, it is kept once.")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["campaign", "estimator"])]
        constraints = [
            nested_intervals("ledger_intervals_are_nested"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.mid:.0f} [{self.low_90:.0f}, {self.high_90:.0f}]"


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
