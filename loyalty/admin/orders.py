from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from loyalty.admin.products import CURRENCY_SENTENCE
from loyalty.admin.records import LookOnlyInline, RecordAdmin, RecordForm
from loyalty.models import Order, OrderLine


class OrderForm(RecordForm):
    sentences: ClassVar = {"order_currency_iso": ("currency", CURRENCY_SENTENCE)}


class OrderLineForm(RecordForm):
    sentences: ClassVar = {
        "line_discount_not_negative": ("discount", "The discount cannot be below zero."),
        "line_coupon_discount_not_negative": ("coupon_discount", "The coupon discount cannot be below zero."),
    }


class LineInline(LookOnlyInline):
    model = OrderLine
    fields = ["line_number", "product", "quantity", "amount", "discount", "coupon_discount"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("product").order_by("line_number")


@admin.register(Order)
class OrderAdmin(RecordAdmin):
    form = OrderForm
    inlines = [LineInline]
    list_display = ["external_id", "customer", "ordered_at", "channel", "store", "currency"]
    list_filter = ["ordered_at"]
    list_select_related = ["customer"]
    search_fields = ["external_id__startswith"]
    search_help_text = "Beginning of the order's external id"
    autocomplete_fields = ["customer", "reverses"]
    sortable_by = ["external_id", "ordered_at"]


@admin.register(OrderLine)
class OrderLineAdmin(RecordAdmin):
    form = OrderLineForm
    list_display = ["order", "line_number", "product", "quantity", "amount", "discount", "coupon_discount"]
    list_select_related = ["order", "product"]
    search_fields = ["order__external_id__exact"]
    search_help_text = "External id of the order"
    autocomplete_fields = ["order", "product"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []
