from django.contrib import admin

from campaigns.models import Forecast, Scenario, Simulation
from loyalty.admin.records import LookOnlyAdmin, LookOnlyInline


class ForecastInline(LookOnlyInline):
    model = Forecast
    fields = ["metric", "mid", "low_80", "high_80", "low_95", "high_95", "basis", "currency"]


@admin.register(Simulation)
class SimulationAdmin(LookOnlyAdmin):
    list_display = ["campaign", "audience", "model_version", "as_of", "created_at"]
    list_select_related = ["campaign", "audience", "model_version"]
    search_fields = ["campaign__name__icontains", "audience__name__icontains"]
    date_hierarchy = "created_at"
    inlines = [ForecastInline]


@admin.register(Forecast)
class ForecastAdmin(LookOnlyAdmin):
    list_display = ["simulation", "metric", "mid", "low_90", "high_90", "basis", "currency"]
    list_filter = ["metric", "basis"]
    list_select_related = ["simulation__campaign", "simulation__audience"]
    search_fields = ["simulation__campaign__name__icontains"]
    ordering = ["-id"]


@admin.register(Scenario)
class ScenarioAdmin(LookOnlyAdmin):
    list_display = ["name", "simulation", "response", "starts_at", "ends_at", "applied_at", "removed_at"]
    list_filter = ["response"]
    list_select_related = ["simulation__campaign", "simulation__audience"]
    search_fields = ["name__icontains", "simulation__campaign__name__icontains"]
    # Thousands of numbers that say nothing one by one.
    exclude = ["bin_centres", "bin_sizes", "redeemers", "redemptions"]
    ordering = ["-id"]
