from django.db import models
from django.db.models import F, Q

from campaigns.models.intervals import ForecastNumber, nested_intervals
from campaigns.models.new_products import NewProductSimulation
from loyalty.models import Product


class LaunchEntry(ForecastNumber):
    """How many were forecast to buy a new product, as it was said then. The database refuses to change or remove one.

    Of a product that came in the past, `product` is known; of one that is to come, the article number it will have.
    """

    # The ledger outlives the simulation: what was said was said.
    simulation = models.OneToOneField(
        NewProductSimulation,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="ledger_entry",
    )
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="launch_entries")
    name = models.CharField(max_length=200)
    sku = models.CharField(max_length=64, blank=True, help_text="Under which its buyers are counted once it is sold.")
    code_version = models.CharField(max_length=32)
    is_replayed = models.BooleanField(
        help_text="Made later, with what was known when the product came, and not before it did."
    )
    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    made_at = models.DateTimeField()
    outcome_days = models.PositiveSmallIntegerField(help_text="Buyers are counted for so many days.")
    expected = models.FloatField(help_text="Mean number of buyers, before what launches as a whole stray by.")
    factor = models.FloatField(help_text="What was believed of whole launches: real buyers over expected ones.")
    size = models.FloatField(help_text="How little launches stray: one over the variance of their factor.")
    effect_launches = models.PositiveIntegerField(help_text="Earlier forecasts that this was learnt from.")
    usual = models.FloatField(help_text="As many as new products had on average by then.")
    naive_low_90 = models.FloatField(help_text="If customers alone decided: too narrow.")
    naive_high_90 = models.FloatField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "launch entries"
        indexes = [models.Index(fields=["-as_of", "-id"])]
        constraints = [
            nested_intervals("launch_ledger_intervals_are_nested"),
            models.UniqueConstraint(
                fields=["product", "code_version"], condition=Q(is_replayed=True), name="one_replay_a_launch"
            ),
            models.CheckConstraint(
                condition=Q(is_replayed=False) | Q(product__isnull=False), name="replayed_launch_has_product"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.mid:.0f} [{self.low_90:.0f}, {self.high_90:.0f}]"


class LaunchOutcome(models.Model):
    """How many bought it, beside the forecast; the forecast itself stays as it was."""

    untracked = "It can be counted again at any time."

    entry = models.OneToOneField(LaunchEntry, on_delete=models.CASCADE, related_name="outcome")
    n_buyers = models.PositiveIntegerField()
    first_sold_at = models.DateTimeField()
    observed_until = models.DateTimeField()
    is_complete = models.BooleanField(help_text="Its weeks were over when this was counted.")
    place = models.FloatField(help_text="Where in the forecast it lay, 0 to 1, drawn within the step of a count.")

    class Meta:
        ordering = ["entry"]
        constraints = [
            models.CheckConstraint(condition=Q(place__gte=0) & Q(place__lte=1), name="launch_place_is_a_share"),
            models.CheckConstraint(
                condition=Q(observed_until__gte=F("first_sold_at")), name="launch_observed_after_its_first_sale"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.n_buyers}"
