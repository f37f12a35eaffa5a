from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from loyalty.models import Job


class ModelVersion(models.Model):
    """A learned thing, never changed after training: only its alias moves, and the database itself sees to that."""

    class Purpose(models.TextChoices):
        RECOMMENDATION = "recommendation", "What a customer may buy next"
        PRODUCT_RELATION = "product_relation", "Which products go together"
        RECEPTION = "reception", "Who would take an offer"
        LAUNCH = "launch", "Who would buy a new product"

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
    evaluation = models.JSONField(
        default=dict,
        help_text="What was measured beside the metrics: by month, by group, calibration, readiness, speed.",
    )
    card = models.JSONField(default=list, help_text="[{title, text}] in plain words, made from facts.")
    verdict = models.CharField(max_length=300, blank=True, help_text="Why it serves, or does not.")
    data_from = models.DateTimeField(null=True, blank=True)
    data_until = models.DateTimeField()
    data_fingerprint = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    code_version = models.CharField(max_length=64)
    fit_seconds = models.FloatField()
    artefact = models.CharField(max_length=200, help_text="Folder below ARTEFACT_DIR.")
    artefact_sha256 = models.CharField(max_length=64)
    artefact_bytes = models.BigIntegerField(null=True, blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="model_versions")
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="smaller_versions",
        help_text="The version that this one is a smaller copy of.",
    )
    trained_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["purpose"], condition=Q(alias="champion"), name="one_champion_a_purpose"),
            models.UniqueConstraint(
                fields=["purpose"], condition=Q(alias="challenger"), name="one_challenger_a_purpose"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}, version {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("model-version", args=[self.pk])

    @property
    def is_in_use(self) -> bool:
        return self.alias == self.Alias.CHAMPION


class PairedScores(models.Model):
    """What a version scored with each customer of its test window, so that any two of one window can be paired."""

    untracked = "It is a measurement, written once with its version."

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="paired_scores")
    arrays = models.BinaryField(help_text="An .npz: customer_ids, and a value a customer by metric.")

    class Meta:
        verbose_name_plural = "paired scores"

    def __str__(self) -> str:
        return f"Scores of {self.version_id}"


class Promotion(models.Model):
    """One change of the version in use: from which to which, by whom, when and why. Never changed."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="promotions")
    from_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="promotions_away"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="promotions",
        help_text="Empty: by training itself.",
    )
    at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=500, help_text="What spoke for it, or what the person typed.")
    is_override = models.BooleanField(default=False, help_text="Promoted although the gate refused it.")
    is_roll_back = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(is_override=True) | ~Q(reason=""), name="override_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} in use instead of {self.from_version_id or 'nothing'}"
