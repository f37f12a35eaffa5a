from django.db import models
from django.db.models import Q

from loyalty.models import Job


class ModelVersion(models.Model):
    """A learned thing, never changed after training; only its alias moves."""

    class Purpose(models.TextChoices):
        RECOMMENDATION = "recommendation", "What a customer may buy next"
        PRODUCT_RELATION = "product_relation", "Which products go together"
        RECEPTION = "reception", "Who would take an offer"

    class Alias(models.TextChoices):
        CHAMPION = "champion", "In use"
        CHALLENGER = "challenger", "Compared"
        NONE = "", "Kept"

    purpose = models.CharField(max_length=32, choices=Purpose)
    algorithm = models.CharField(max_length=64)
    label = models.CharField(max_length=100, help_text="What a marketer would call it.")
    alias = models.CharField(max_length=16, choices=Alias, blank=True, default=Alias.NONE)
    is_baseline = models.BooleanField(default=False)
    params = models.JSONField(default=dict)
    metrics = models.JSONField(
        default=dict, help_text="{metric: {value, low, high}} on the part that tuning never saw."
    )
    learning_curve = models.JSONField(default=list)
    verdict = models.CharField(max_length=300, blank=True, help_text="Why it serves, or does not.")
    data_from = models.DateTimeField(null=True, blank=True)
    data_until = models.DateTimeField()
    data_fingerprint = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    code_version = models.CharField(max_length=64)
    fit_seconds = models.FloatField()
    artefact = models.CharField(max_length=200, help_text="Folder below ARTEFACT_DIR.")
    artefact_sha256 = models.CharField(max_length=64)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="model_versions")
    trained_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["purpose"], condition=Q(alias="champion"), name="one_champion_a_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.label}, version {self.pk}"
