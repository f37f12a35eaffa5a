from django.conf import settings
from django.db import models
from django.db.models import F, Q

from loyalty.models import Product
from recommender.models.relations import ProductRelation


class Verdict(models.TextChoices):
    PINNED = "pinned", "Pinned"
    BLOCKED = "blocked", "Blocked"


class RelationRuling(models.Model):
    """What a person said about a relation. It outlives what is learnt: the relation itself may come and go."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="relation_rulings")
    other = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="relation_rulings_from")
    kind = models.CharField(max_length=16, choices=ProductRelation.Kind)
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["product", "kind", "-at"]
        constraints = [
            models.UniqueConstraint(fields=["product", "other", "kind"], name="one_ruling_a_relation"),
            models.CheckConstraint(condition=~Q(product=F("other")), name="ruling_not_on_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.kind} {self.other_id}: {self.verdict}"


class ProductRuling(models.Model):
    """What a person said about recommending a product: pinned to a placement, or blocked everywhere."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="rulings")
    verdict = models.CharField(max_length=8, choices=Verdict)
    placement = models.CharField(max_length=50, blank=True, help_text="Where it is pinned; empty when it is blocked.")
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["product", "placement"]
        constraints = [
            models.UniqueConstraint(fields=["product", "placement"], name="one_ruling_a_placement"),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.BLOCKED, placement="") | Q(verdict=Verdict.PINNED) & ~Q(placement=""),
                name="pinned_somewhere_blocked_everywhere",
            ),
        ]

    def __str__(self) -> str:
        where = f" to {self.placement}" if self.placement else ""
        return f"{self.product_id}: {self.verdict}{where}"
