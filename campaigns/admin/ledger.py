from django.contrib import admin

from campaigns.models import LedgerEntry, LedgerOutcome
from loyalty.admin.records import LookOnlyAdmin


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LookOnlyAdmin):
    list_display = ["campaign", "audience", "estimator", "is_replayed", "as_of", "mid", "low_90", "high_90", "made_at"]
    list_select_related = ["campaign", "audience"]
    list_filter = ["is_replayed", "estimator"]
    search_fields = ["campaign__name__icontains"]
    date_hierarchy = "made_at"


@admin.register(LedgerOutcome)
class LedgerOutcomeAdmin(LookOnlyAdmin):
    list_display = ["entry", "n_redeemers", "effect", "effect_sd", "is_complete", "observed_until"]
    list_select_related = ["entry__campaign"]
    list_filter = ["is_complete"]
    search_fields = ["entry__campaign__name__icontains"]
    ordering = ["-entry"]
