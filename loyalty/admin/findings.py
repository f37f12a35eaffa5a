from django.contrib import admin

from loyalty.admin.records import LookOnlyAdmin
from loyalty.models import CleanedValue, DataFlag, DataReport, FeatureFact, FeatureSurvey, FlagDecision


@admin.register(DataReport)
class DataReportAdmin(LookOnlyAdmin):
    list_display = ["as_of", "made_at", "job"]
    list_select_related = ["job"]
    search_fields = ["job__label__icontains"]


@admin.register(DataFlag)
class DataFlagAdmin(LookOnlyAdmin):
    list_display = ["check_name", "table", "record_id", "value", "limit", "reason"]
    list_filter = ["check_name"]
    search_fields = ["record_id__exact"]
    search_help_text = "Number of the record"
    ordering = ["-id"]


@admin.register(FlagDecision)
class FlagDecisionAdmin(LookOnlyAdmin):
    list_display = ["check_name", "table", "record_id", "verdict", "decided_by", "decided_at"]
    list_filter = ["verdict"]
    list_select_related = ["decided_by"]
    search_fields = ["decided_by__username__exact"]
    search_help_text = "Log-in of who decided"


@admin.register(CleanedValue)
class CleanedValueAdmin(LookOnlyAdmin):
    list_display = ["table", "record_id", "field", "value", "method", "as_of"]
    search_fields = ["field__exact"]
    search_help_text = "Name of the field"
    ordering = ["-id"]


@admin.register(FeatureSurvey)
class FeatureSurveyAdmin(LookOnlyAdmin):
    list_display = ["as_of", "n_customers", "told_as_of", "job", "created_at"]
    list_select_related = ["job"]
    search_fields = ["job__label__icontains"]


@admin.register(FeatureFact)
class FeatureFactAdmin(LookOnlyAdmin):
    list_display = ["survey", "position", "label", "family", "missing_share", "tells"]
    list_filter = ["tells"]
    list_select_related = ["survey"]
    search_fields = ["label__icontains"]
    ordering = ["-survey", "position"]
