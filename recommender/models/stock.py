from django.db import models
from django.db.models import F, Q

from loyalty.models import Product
from recommender.models.relations import ProductRelation


class StockReplacement(models.Model):
    """What was shown in the place of a product that was out of stock, from when until when."""

    untracked = "It is a log, and keeps from when until when itself."

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stock_replacements")
    substitute = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.CASCADE, related_name="stood_in_for",
        help_text="Empty: nothing in stock was known to take its place.",
    )  # fmt: skip
    kind = models.CharField(max_length=16, choices=ProductRelation.Kind, blank=True)
    evidence = models.JSONField(default=dict, help_text="What spoke for the substitute at that time.")
    out_since = models.DateTimeField(help_text="When the product was first seen to be out of stock.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: it still is.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(until__isnull=True), name="one_open_replacement_a_product"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="replaced_forwards"
            ),
            models.CheckConstraint(
                condition=Q(substitute__isnull=True) | ~Q(substitute=F("product")), name="not_replaced_by_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substitute_id or 'nothing'} in place of {self.product_id}"
