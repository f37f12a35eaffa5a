from django.conf import settings
from django.db import models


class DemographicsDecision(models.Model):
    """Whether forecasts may look at demographics, decided with a reason: the newest counts, none is a no."""

    is_allowed = models.BooleanField(help_text="Forecasts may look at age, gender, income and household.")
    reason = models.CharField(max_length=300, help_text="Why, for whoever asks later.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="demographics_decisions"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="demographics_decision_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{'Allowed' if self.is_allowed else 'Not allowed'}: {self.reason}"
