from typing import ClassVar

from django.contrib import admin

from loyalty.admin.records import RecordAdmin, RecordForm
from loyalty.models import Category, Product

CURRENCY_SENTENCE = "Three capital letters, for example USD."


class CategoryForm(RecordForm):
    sentences: ClassVar = {"category_is_not_its_own_parent": ("parent", "A category cannot lie within itself.")}


class ProductForm(RecordForm):
    sentences: ClassVar = {
        "product_price_not_negative": ("price", "The price cannot be below zero."),
        "product_cost_not_negative": ("cost", "The cost cannot be below zero."),
        "product_currency_iso": ("currency", CURRENCY_SENTENCE),
        "product_image_is_https": ("image_url", "The address of a picture begins with https://."),
    }


@admin.register(Category)
class CategoryAdmin(RecordAdmin):
    form = CategoryForm
    list_display = ["path", "name"]
    search_fields = ["path__icontains"]
    autocomplete_fields = ["parent"]


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    form = ProductForm
    list_display = ["sku", "name", "category", "brand", "price", "currency", "stock", "is_catalogued"]
    list_filter = ["is_catalogued", "quantity_unit"]
    list_select_related = ["category"]
    search_fields = ["sku__startswith", "name__icontains"]
    search_help_text = "Beginning of the SKU, or part of the name"
    autocomplete_fields = ["category"]
    readonly_fields = ["created_at", "updated_at"]
    sortable_by = ["sku", "name", "price", "stock"]
