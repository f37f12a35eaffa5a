from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from campaigns.models.audiences import Audience
from campaigns.models.intervals import ForecastNumber, nested_intervals
from loyalty.models import Category, Job
from recommender.models import ModelVersion


class NewProduct(models.Model):
    """A product nobody has bought yet, as somebody thinks of it."""

    name = models.CharField(max_length=200)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="new_products")
    brand = models.CharField(max_length=100, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    text = models.TextField(blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    sku = models.CharField(
        max_length=64,
        blank=True,
        help_text="The article number it will have: its buyers are then counted by themselves.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="new_products"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(price__gt=0), name="new_product_has_a_price")]

    def __str__(self) -> str:
        return self.name


class NewProductSimulation(models.Model):
    """How a new product would be received, as it looked at `as_of`."""

    new_product = models.ForeignKey(NewProduct, on_delete=models.CASCADE, related_name="simulations")
    audience = models.ForeignKey(
        Audience, on_delete=models.PROTECT, related_name="new_product_simulations", help_text="Who would buy it first."
    )
    model_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="new_product_simulations",
        help_text="What had been learnt from earlier launches.",
    )
    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    outcome_days = models.PositiveSmallIntegerField(help_text="Buyers are counted for so many days.")
    evidence = models.JSONField(
        default=dict, help_text="Launches learnt from, how far they strayed, what is new about it."
    )
    curves = models.JSONField(default=dict, help_text="Buyers by week, and the products it takes from.")
    seed = models.BigIntegerField()
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="new_product_simulations"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.new_product)

    def get_absolute_url(self) -> str:
        return reverse("new-product-simulation", args=[self.pk])


class NewProductForecast(ForecastNumber):
    """One number of it with its intervals. Never edited: it is what we will be held to."""

    class Metric(models.TextChoices):
        BUYERS = "buyers", "Customers who buy it"
        UNITS = "units", "Pieces sold"
        REVENUE = "revenue", "Revenue"

    class Basis(models.TextChoices):
        BACK_TESTED = "back_tested", "Tested on past launches"
        RESAMPLED = "resampled", "As earlier buyers took, times a tested count"
        ASSUMPTION = "assumption", "Your price times a tested count"

    simulation = models.ForeignKey(NewProductSimulation, on_delete=models.CASCADE, related_name="forecasts")
    metric = models.CharField(max_length=16, choices=Metric)
    basis = models.CharField(max_length=16, choices=Basis)
    naive_low_90 = models.FloatField(null=True, blank=True, help_text="If customers alone decided: too narrow.")
    naive_high_90 = models.FloatField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="Empty for a count.")

    class Meta:
        ordering = ["simulation", "id"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "metric"], name="one_launch_forecast_a_metric"),
            nested_intervals("launch_intervals_are_nested"),
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.mid:.0f} [{self.low_90:.0f}, {self.high_90:.0f}]"
