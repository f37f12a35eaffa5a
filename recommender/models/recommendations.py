from django.db import models

from loyalty.models import Customer, Product
from recommender.models.versions import ModelVersion


class Recommendation(models.Model):
    """A product offered to a customer by one version, with the reason."""

    untracked = "It can be computed again at any time."

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="recommendations")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="recommendations")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="recommendations")
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["customer", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "model_version", "rank"], name="one_product_a_rank"),
            models.UniqueConstraint(fields=["model_version", "customer", "product"], name="recommended_once"),
            models.CheckConstraint(condition=models.Q(rank__gte=1), name="rank_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.product_id} for {self.customer_id}"
