from django.db import models

from loyalty.models import Job
from recommender.models.versions import ModelVersion


class SurrogateTree(models.Model):
    """A version told in rules that anybody understands, and how far the rules agree with it."""

    untracked = "It can be computed again at any time."

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="surrogate")
    rules = models.JSONField(help_text="[{words, shown_share, n_pairs}], the likeliest to be shown first.")
    agreement = models.JSONField(help_text="{value, low, high}: share of the best ten on which both agree.")
    r2 = models.JSONField(help_text="{value, low, high}, on customers the tree had not seen.")
    n_customers = models.PositiveIntegerField(help_text="Held out.")
    as_of = models.DateTimeField()
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Rules of {self.version}"
