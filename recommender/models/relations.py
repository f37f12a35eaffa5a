from django.db import models
from django.db.models import F

from loyalty.models import Product
from recommender.models.versions import ModelVersion


class ProductRelation(models.Model):
    """How one product stands to another, with the evidence."""

    untracked = "It can be computed again at any time."

    class Kind(models.TextChoices):
        SIMILAR = "similar", "Similar"
        SUBSTITUTE = "substitute", "Instead of it"
        COMPLEMENT = "complement", "Together with it"
        UPSELL = "upsell", "A better one"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="related_from")
    kind = models.CharField(max_length=16, choices=Kind)
    score = models.FloatField()
    evidence = models.JSONField(default=dict)
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="product_relations")

    class Meta:
        ordering = ["product", "-score"]
        constraints = [
            models.UniqueConstraint(fields=["product", "other", "kind", "model_version"], name="related_once"),
            models.CheckConstraint(condition=~models.Q(product=F("other")), name="not_related_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.kind} {self.other_id}"
