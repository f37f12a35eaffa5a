from django.db import models
from django.db.models import F, Q

from loyalty.models.customers import Customer
from loyalty.models.products import Category, Product


class Interaction(models.Model):
    """Anything a customer did, in the names every customer-data tool speaks, or in the shop's own.

    Without a customer it is a visit of somebody who was not recognised; its session still tells what was looked at.
    """

    class Type(models.TextChoices):
        """Names that features and ratings know. A shop's own type is kept as it is and only counted."""

        PAGE_VIEWED = "Page Viewed"
        PRODUCT_LIST_VIEWED = "Product List Viewed"
        PRODUCT_VIEWED = "Product Viewed"
        PRODUCT_ADDED = "Product Added"
        PRODUCT_REMOVED = "Product Removed"
        PRODUCT_ADDED_TO_WISHLIST = "Product Added to Wishlist"
        CART_VIEWED = "Cart Viewed"
        CART_ABANDONED = "Cart Abandoned"
        CHECKOUT_STARTED = "Checkout Started"
        ORDER_COMPLETED = "Order Completed"
        ORDER_REFUNDED = "Order Refunded"
        PRODUCTS_SEARCHED = "Products Searched"
        PRODUCT_REVIEWED = "Product Reviewed"
        EMAIL_OPENED = "Email Opened"
        EMAIL_LINK_CLICKED = "Email Link Clicked"
        UNSUBSCRIBED = "Unsubscribed"
        PROMOTION_VIEWED = "Promotion Viewed"
        PROMOTION_CLICKED = "Promotion Clicked"
        STORE_VISITED = "Store Visited"
        RESERVATION_MADE = "Reservation Made"
        REQUEST_SENT = "Request Sent"
        MEETING_HELD = "Meeting Held"
        CALL_HELD = "Call Held"
        SURVEY_ANSWERED = "Survey Answered"

    customer = models.ForeignKey(
        Customer,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="interactions",
        help_text="Empty when nobody was recognised.",
    )
    type = models.CharField(max_length=64, help_text="One of the names all tools speak, or the shop's own.")
    occurred_at = models.DateTimeField()
    source = models.CharField(max_length=32)
    event_id = models.CharField(max_length=100)
    channel = models.CharField(max_length=32, blank=True)
    session = models.CharField(max_length=64, blank=True)
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="interactions")
    # Categories are hardly ever deleted, and events come by the million: an index would cost more than it saves.
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="interactions", db_index=False
    )
    query = models.CharField(max_length=200, blank=True, default="", db_default="", help_text="What was searched for.")
    value = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="A number that belongs to it: the answer of a survey, the worth of a cart.",
    )
    properties = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [models.Index(fields=["customer", "occurred_at"])]
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="interaction_told_once"),
            models.CheckConstraint(condition=~Q(type=""), name="interaction_has_type"),
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
    raw_value = models.FloatField(null=True, blank=True, help_text="As it was given, on its own scale.")
    scale_min = models.FloatField(null=True, blank=True)
    scale_max = models.FloatField(null=True, blank=True)
    weight = models.FloatField(default=1.0)
    evidence = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=32)
    rated_at = models.DateTimeField()

    class Meta:
        ordering = ["-rated_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "product", "kind", "source"], name="rating_once_a_source"),
            models.CheckConstraint(condition=Q(value__gte=-1, value__lte=1), name="rating_value_in_range"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="rating_weight_not_negative"),
            models.CheckConstraint(condition=Q(scale_max__gt=F("scale_min")), name="rating_scale_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.product_id}: {self.value:+.2f}"
