from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

CURRENCY = r"^[A-Z]{3}$"


class Category(models.Model):
    """A node of the category tree. `path` is its whole way from the root, `Grocery > Frozen > Ice`."""

    path = models.CharField(max_length=300, unique=True)
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")

    class Meta:
        ordering = ["path"]
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="category_is_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.path


class Product(models.Model):
    """A thing sold. An order may name a product before the catalogue does: then `is_catalogued` is false."""

    class Unit(models.TextChoices):
        EACH = "each", "Pieces"
        KILOGRAM = "kg", "Kilograms"
        LITRE = "l", "Litres"
        OTHER = "other", "Another measure"

    sku = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    brand = models.CharField(max_length=100, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    stock = models.IntegerField(null=True, blank=True, help_text="Empty means stock is not tracked.")
    quantity_unit = models.CharField(max_length=8, choices=Unit, default=Unit.EACH)
    text = models.TextField(blank=True)
    image_url = models.CharField(
        max_length=500, blank=True, default="", db_default="", help_text="An https address. Pages only link to it."
    )
    attributes = models.JSONField(default=dict, blank=True)
    is_catalogued = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["name"])]
        constraints = [
            models.CheckConstraint(condition=~models.Q(sku=""), name="product_has_sku"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(condition=models.Q(cost__gte=0), name="product_cost_not_negative"),
            models.CheckConstraint(condition=models.Q(currency__regex=CURRENCY), name="product_currency_iso"),
            # It becomes a link on a page: nothing but an address of the web may stand there.
            models.CheckConstraint(
                condition=models.Q(image_url="") | models.Q(image_url__startswith="https://"),
                name="product_image_is_https",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.sku

    def get_absolute_url(self) -> str:
        return reverse("product", args=[self.pk])
