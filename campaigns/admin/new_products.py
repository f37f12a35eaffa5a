from django.contrib import admin

from campaigns.models import NewProduct, NewProductForecast, NewProductSimulation
from loyalty.admin.records import LookOnlyAdmin, LookOnlyInline


class NewProductForecastInline(LookOnlyInline):
    model = NewProductForecast
    fields = ["metric", "mid", "low_80", "high_80", "low_95", "high_95", "basis", "currency"]


@admin.register(NewProduct)
class NewProductAdmin(LookOnlyAdmin):
    list_display = ["name", "category", "brand", "price", "currency", "sku", "created_at"]
    list_select_related = ["category"]
    search_fields = ["name__icontains", "brand__icontains", "sku"]
    date_hierarchy = "created_at"


@admin.register(NewProductSimulation)
class NewProductSimulationAdmin(LookOnlyAdmin):
    list_display = ["new_product", "audience", "model_version", "as_of", "outcome_days", "created_at"]
    list_select_related = ["new_product", "audience", "model_version"]
    search_fields = ["new_product__name__icontains"]
    date_hierarchy = "created_at"
    inlines = [NewProductForecastInline]


@admin.register(NewProductForecast)
class NewProductForecastAdmin(LookOnlyAdmin):
    list_display = ["simulation", "metric", "mid", "low_90", "high_90", "basis", "currency"]
    list_filter = ["metric", "basis"]
    list_select_related = ["simulation__new_product"]
    search_fields = ["simulation__new_product__name__icontains"]
    ordering = ["-id"]
