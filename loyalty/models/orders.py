from django.db import models
from django.db.models import Q

from loyalty.models.customers import Customer
from loyalty.models.products import CURRENCY, Product


class Order(models.Model):
    """A purchase at one moment. A return is an order with negative lines that names the order it reverses."""

    external_id = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey(
        Customer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="orders",
        help_text="Empty when nobody was recognised; the lines still count for the products.",
    )
    ordered_at = models.DateTimeField()
    channel = models.CharField(max_length=32, default="store")
    store = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3)
    reverses = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="returns")

    class Meta:
        ordering = ["-ordered_at", "-id"]
        indexes = [
            models.Index(fields=["customer", "ordered_at"]),
            models.Index(fields=["ordered_at"]),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(external_id=""), name="order_has_external_id"),
            models.CheckConstraint(condition=models.Q(currency__regex=CURRENCY), name="order_currency_iso"),
        ]

    def __str__(self) -> str:
        return f"Order {self.external_id}"


class OrderLine(models.Model):
    """One product of an order, money in the order's currency. `amount` is what was paid for the whole line."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line_number = models.PositiveIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_lines")
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    discount = models.DecimalField(max_digits=12, decimal_places=2, default=0, db_default=0)
    coupon_discount = models.DecimalField(max_digits=12, decimal_places=2, default=0, db_default=0)

    class Meta:
        ordering = ["order", "line_number"]
        indexes = [
            # Returns, gifts and corrections are one line in a hundred: without it each list of them reads all lines.
            models.Index(
                fields=["id"], condition=Q(quantity__lte=0) | Q(amount__lte=0), name="lines_of_a_special_kind"
            ),
        ]
        constraints = [
            # Its index begins with the order, so the foreign key needs none of its own.
            models.UniqueConstraint(fields=["order", "line_number"], name="order_line_number_once"),
            models.CheckConstraint(condition=models.Q(discount__gte=0), name="line_discount_not_negative"),
            models.CheckConstraint(
                condition=models.Q(coupon_discount__gte=0), name="line_coupon_discount_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.line_number}"
