from django.db import models
from django.db.models import F, Q

from campaigns.models.new_products import NewProduct
from loyalty.models import Product
from loyalty.models.products import CURRENCY


class Offer(models.Model):
    """What is promised: the mechanic, the benefit, the products it applies to, what it costs, how often."""

    class Mechanic(models.TextChoices):
        COUPON = "coupon", "Coupon"
        PERCENT_OFF = "percent_off", "Percent off"
        AMOUNT_OFF = "amount_off", "Amount off"
        POINTS = "points", "Extra points"
        FREE_PRODUCT = "free_product", "Free product"

    external_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    code = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="What customers type or show, if all have one."
    )
    mechanic = models.CharField(max_length=16, choices=Mechanic)
    benefit_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    benefit_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    cost_per_redemption = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="Empty means: as history suggests."
    )
    currency = models.CharField(max_length=3)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    cap_total = models.PositiveIntegerField(null=True, blank=True)
    cap_per_customer = models.PositiveIntegerField(null=True, blank=True)
    is_paused = models.BooleanField(default=False)
    new_product = models.ForeignKey(
        NewProduct,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="offers",
        help_text="A product it is for that is not on sale yet.",
    )
    products = models.ManyToManyField(Product, through="OfferProduct", related_name="offers")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(benefit_percent__isnull=True) | Q(benefit_percent__gt=0, benefit_percent__lte=100),
                name="offer_percent_in_range",
            ),
            models.CheckConstraint(condition=Q(benefit_amount__gte=0), name="offer_amount_not_negative"),
            models.CheckConstraint(condition=Q(cost_per_redemption__gte=0), name="offer_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="offer_validity_not_empty",
            ),
            models.CheckConstraint(condition=Q(currency__regex=CURRENCY), name="offer_currency_iso"),
        ]

    def __str__(self) -> str:
        return self.name


class OfferProduct(models.Model):
    """A product an offer applies to."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="offer_products", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="offer_products")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["offer", "product"], name="offer_names_product_once")]

    def __str__(self) -> str:
        return f"{self.offer_id} for {self.product_id}"
