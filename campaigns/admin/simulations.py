from django.contrib import admin

from campaigns.models import CustomerScoring, Forecast, KnownHabits, Scenario, ScoredPart, Simulation
from loyalty.admin.records import LookOnlyAdmin, LookOnlyInline, ManyRowsAdmin


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


@admin.register(CustomerScoring)
class CustomerScoringAdmin(LookOnlyAdmin):
    list_display = ["campaign", "model_version", "as_of", "begun_at"]
    list_select_related = ["campaign", "model_version"]
    search_fields = ["campaign__name__icontains"]


@admin.register(ScoredPart)
class ScoredPartAdmin(ManyRowsAdmin):
    list_display = ["scoring", "first_id", "last_id", "n_customers"]
    list_select_related = ["scoring__campaign"]
    fields = ["scoring", "first_id", "last_id", "n_customers"]
    search_fields = ["scoring__campaign__name__icontains"]


@admin.register(KnownHabits)
class KnownHabitsAdmin(LookOnlyAdmin):
    list_display = ["as_of", "mark"]
    fields = ["as_of", "mark"]
    search_fields = ["as_of__startswith"]
    search_help_text = "The moment, such as 2017-11-01"
