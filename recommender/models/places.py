from django.db import models

from loyalty.models import Product
from recommender.models.versions import ModelVersion


class ProductPlace(models.Model):
    """Where a product stands on the map of one version: near is bought in the same company."""

    untracked = "It can be computed again at any time."

    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="product_places")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="places")
    x = models.FloatField()
    y = models.FloatField()
    n_orders = models.PositiveIntegerField()

    class Meta:
        ordering = ["model_version", "product"]
        constraints = [
            models.UniqueConstraint(fields=["model_version", "product"], name="one_place_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} at {self.x:.2f}, {self.y:.2f}"
