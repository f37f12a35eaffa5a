"""Opinions read from behaviour, the setting they were read by, and what came of it.

Apart from ratings that people gave: these are worked out again as a whole, so they need no trail and no import.
"""

from django.db import models
from django.db.models import Q

from loyalty.engine.ratings import Signal
from loyalty.models.customers import Customer
from loyalty.models.jobs import Job
from loyalty.models.products import Product

SIGNALS = [
    (Signal.PURCHASE.value, "Bought once"),
    (Signal.REPEAT_PURCHASE.value, "Bought again"),
    (Signal.PICKED.value, "Picked among others"),
    (Signal.PASSED_OVER.value, "Looked at, another one picked"),
    (Signal.CART_REMOVAL.value, "Taken out of the basket"),
    (Signal.RETURN.value, "Returned"),
    (Signal.SILENCE.value, "Not seen since buying it first"),
]


class ImplicitRating(models.Model):
    """What one customer thinks of one product, read from one kind of sign. The value's sign says for or against."""

    untracked = "It can be computed again at any time."

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="implicit_ratings", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="implicit_ratings")
    signal = models.CharField(max_length=16, choices=SIGNALS)
    value = models.FloatField(help_text="Between -1 (against) and 1 (for).")
    weight = models.FloatField(help_text="How sure the signs make us; 1 is not at all.")
    decay = models.FloatField(help_text="What age left of the signs, between 0 and 1.")
    evidence = models.JSONField(help_text="Which orders or interactions say so, how many, from when to when.")
    rated_at = models.DateTimeField(help_text="The newest sign.")
    definition = models.CharField(max_length=64, help_text="The rule by which it was made.")

    class Meta:
        ordering = ["-rated_at", "-id"]
        constraints = [
            # Its index begins with the customer, so the foreign key needs none of its own.
            models.UniqueConstraint(fields=["customer", "product", "signal"], name="implicit_rating_once_a_signal"),
            models.CheckConstraint(condition=Q(value__gte=-1, value__lte=1), name="implicit_value_in_range"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="implicit_weight_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.product_id}: {self.value:+.2f} ({self.get_signal_display()})"


class RatingSetting(models.Model):
    """The half-life and the damping by which signs are weighed; one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    half_life_days = models.FloatField(null=True, blank=True, help_text="Empty: age does not matter.")
    damping = models.FloatField(default=1.0)
    derived_definition = models.CharField(max_length=64, blank=True)
    derived_as_of = models.DateTimeField(null=True, blank=True)
    derived_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True, help_text="Ratings by the sign they were read from.")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_rating_setting"),
            models.CheckConstraint(condition=Q(half_life_days__gt=0), name="half_life_is_positive"),
            models.CheckConstraint(condition=Q(damping__gt=0), name="damping_is_positive"),
        ]

    def __str__(self) -> str:
        return "No decay" if self.half_life_days is None else f"Half-life of {self.half_life_days:g} days"
