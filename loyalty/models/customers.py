from django.db import models
from django.db.models.functions import Now
from django.urls import reverse


class Customer(models.Model):
    """A person, or a household, who buys. `external_id` is the CRM's key; `id` is ours."""

    external_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200, blank=True)
    age_group = models.CharField(max_length=32, blank=True)
    gender = models.CharField(max_length=32, blank=True)
    income_band = models.CharField(max_length=32, blank=True)
    household_type = models.CharField(max_length=64, blank=True)
    household_size = models.CharField(max_length=16, blank=True)
    location = models.CharField(max_length=100, blank=True)
    preferred_channel = models.CharField(max_length=32, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    joined_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(external_id=""), name="customer_has_external_id"),
        ]

    def __str__(self) -> str:
        return self.name or f"Customer {self.external_id}"

    def get_absolute_url(self) -> str:
        return reverse("customer", args=[self.pk])


class Consent(models.Model):
    """What a customer allowed, for one purpose on one channel, as last said. Absence means nobody asked."""

    class State(models.TextChoices):
        GRANTED = "granted", "Granted"
        DENIED = "denied", "Denied"
        REVOKED = "revoked", "Revoked"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=32, default="marketing")
    channel = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=State)
    source = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "purpose", "channel", "at"], name="one_consent_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.purpose} by {self.channel} {self.state}"
