from django.contrib import admin

from campaigns.models import LaunchEntry, LaunchOutcome
from loyalty.admin.records import LookOnlyAdmin


@admin.register(LaunchEntry)
class LaunchEntryAdmin(LookOnlyAdmin):
    list_display = ["name", "sku", "is_replayed", "as_of", "mid", "low_90", "high_90", "made_at"]
    list_filter = ["is_replayed"]
    search_fields = ["name__icontains", "sku"]
    date_hierarchy = "as_of"


@admin.register(LaunchOutcome)
class LaunchOutcomeAdmin(LookOnlyAdmin):
    list_display = ["entry", "n_buyers", "first_sold_at", "is_complete", "observed_until", "place"]
    list_select_related = ["entry"]
    list_filter = ["is_complete"]
    search_fields = ["entry__name__icontains", "entry__sku"]
    ordering = ["-entry"]
