from django.db import models

from loyalty.models.customers import Customer
from loyalty.models.products import Product


class Interaction(models.Model):
    """Anything a customer did, in the names every customer-data tool speaks."""

    class Type(models.TextChoices):
        PRODUCT_VIEWED = "Product Viewed"
        PRODUCT_ADDED = "Product Added"
        PRODUCT_REMOVED = "Product Removed"
        CART_VIEWED = "Cart Viewed"
        CHECKOUT_STARTED = "Checkout Started"
        ORDER_COMPLETED = "Order Completed"
        ORDER_REFUNDED = "Order Refunded"
        PRODUCTS_SEARCHED = "Products Searched"
        PRODUCT_REVIEWED = "Product Reviewed"
        EMAIL_OPENED = "Email Opened"
        EMAIL_LINK_CLICKED = "Email Link Clicked"
        PROMOTION_VIEWED = "Promotion Viewed"
        PROMOTION_CLICKED = "Promotion Clicked"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="interactions")
    type = models.CharField(max_length=32, choices=Type)
    occurred_at = models.DateTimeField()
    source = models.CharField(max_length=32)
    event_id = models.CharField(max_length=100)
    channel = models.CharField(max_length=32, blank=True)
    session = models.CharField(max_length=64, blank=True)
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="interactions")
    properties = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [models.Index(fields=["customer", "occurred_at"])]
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="interaction_told_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.occurred_at:%Y-%m-%d}"


class Rating(models.Model):
    """An opinion: said (explicit) or read from behaviour (implicit, with its weight and evidence)."""

    class Kind(models.TextChoices):
        EXPLICIT = "explicit", "Said"
        IMPLICIT = "implicit", "Read from behaviour"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="ratings")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="ratings")
    kind = models.CharField(max_length=16, choices=Kind)
    value = models.FloatField(help_text="Between -1 (against) and 1 (for).")
    weight = models.FloatField(default=1.0)
    evidence = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=32)
    rated_at = models.DateTimeField()

    class Meta:
        ordering = ["-rated_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "product", "kind", "source"], name="rating_once_a_source"),
            models.CheckConstraint(condition=models.Q(value__gte=-1, value__lte=1), name="rating_value_in_range"),
            models.CheckConstraint(condition=models.Q(weight__gte=0), name="rating_weight_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.product_id}: {self.value:+.2f}"
