from django.db import models

from loyalty.models.jobs import Job


class FeatureSurvey(models.Model):
    """One look at all features: how full they are, how they are spread, what they tell. The newest is shown."""

    untracked = "Computed from other tables; the job that did it is in the trail."

    as_of = models.DateTimeField(help_text="Nothing at or after this moment was known to it.")
    told_as_of = models.DateTimeField(
        null=True, help_text="What they tell was measured on what came after this moment."
    )
    n_customers = models.BigIntegerField()
    outcomes = models.JSONField(default=list, help_text="What came after: name, question, customers, how many did.")
    components = models.JSONField(default=dict, help_text="Shares of the variance, and what makes up the largest.")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="feature_surveys")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Features as of {self.as_of:%Y-%m-%d}"


class FeatureFact(models.Model):
    """What a survey found of one feature."""

    untracked = FeatureSurvey.untracked

    survey = models.ForeignKey(FeatureSurvey, on_delete=models.CASCADE, related_name="facts")
    position = models.PositiveIntegerField(help_text="1 tells most.")
    name = models.CharField(max_length=400)
    label = models.CharField(max_length=400)
    unit = models.CharField(max_length=32)
    family = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    window_days = models.PositiveIntegerField(null=True)
    is_protected = models.BooleanField(default=False)
    missing_share = models.FloatField()
    sketch = models.JSONField(default=dict, help_text="Shares of customers in bins, lowest to highest, and its ends.")
    told = models.JSONField(default=dict, help_text="By outcome: bits, their interval, what chance gives.")
    tells = models.BooleanField(default=False, help_text="More than chance of any outcome.")

    class Meta:
        ordering = ["survey", "position"]
        constraints = [models.UniqueConstraint(fields=["survey", "position"], name="feature_position_once")]

    def __str__(self) -> str:
        return self.label
