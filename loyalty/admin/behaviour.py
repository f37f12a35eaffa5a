from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from loyalty.admin.records import LookOnlyAdmin, ManyRowsAdmin, OfCustomer, OfProduct, RecordAdmin
from loyalty.models import (
    ImplicitRating,
    ProductSilence,
    RatingSetting,
    SilenceReport,
    SilentBuyer,
    SilentCustomer,
)


@admin.register(ImplicitRating)
class ImplicitRatingAdmin(OfCustomer, ManyRowsAdmin):
    list_display = ["customer", "product", "signal", "value", "weight", "decay", "rated_at"]
    list_filter = ["signal"]
    list_select_related = ["customer", "product"]


@admin.register(RatingSetting)
class RatingSettingAdmin(RecordAdmin):
    list_display = ["__str__", "damping", "derived_definition", "derived_as_of"]
    search_fields = ["derived_definition__icontains"]
    fields = ["half_life_days", "damping", "derived_definition", "derived_as_of", "derived_at", "counts"]
    readonly_fields = ["derived_definition", "derived_as_of", "derived_at", "counts"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SilenceReport)
class SilenceReportAdmin(LookOnlyAdmin):
    list_display = ["as_of", "n_regular_customers", "n_silences", "n_products", "made_at"]
    search_fields = ["definition__icontains"]


@admin.register(ProductSilence)
class ProductSilenceAdmin(OfProduct, LookOnlyAdmin):
    list_display = ["product", "n_buyers", "observed", "expected", "ratio", "q", "is_flagged"]
    list_filter = ["is_flagged"]
    list_select_related = ["product"]


@admin.register(SilentBuyer)
class SilentBuyerAdmin(LookOnlyAdmin):
    list_display = ["customer", "product", "bought_on", "gap_days", "allowed_gap_days", "back_on", "is_counted"]
    list_select_related = ["customer", "product"]
    search_fields = ["product__sku__exact", "customer__external_id__exact"]
    search_help_text = "SKU of the product, or external id of the customer"
    ordering = ["-id"]


@admin.register(SilentCustomer)
class SilentCustomerAdmin(OfCustomer, LookOnlyAdmin):
    list_display = ["customer", "last_seen_on", "gap_days", "usual_gap_days", "allowed_gap_days", "spend_a_month"]
    list_select_related = ["customer"]
    ordering = ["-id"]
