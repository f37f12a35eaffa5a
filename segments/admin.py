from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest

from loyalty.admin.records import LookOnlyAdmin, LookOnlyInline, RecordAdmin
from segments.models import (
    Division,
    GroupReport,
    LifetimeReport,
    Prediction,
    Segment,
    Segmentation,
    SegmentMembership,
    SegmentRefresh,
    SegmentRule,
)


class SegmentInline(LookOnlyInline):
    model = Segment
    fields = ["number", "name", "description"]


@admin.register(Segmentation)
class SegmentationAdmin(LookOnlyAdmin):
    list_display = ["name", "as_of", "k", "silhouette", "verdict", "is_current", "saved_at", "created_at"]
    list_filter = ["is_current"]
    search_fields = ["name__icontains"]
    inlines = [SegmentInline]


@admin.register(Division)
class DivisionAdmin(LookOnlyAdmin):
    list_display = ["segmentation", "marks_until", "assigned_at"]
    search_fields = ["segmentation__name__icontains"]
    list_select_related = ["segmentation"]
    fields = ["segmentation", "marks_until", "assigned_at"]


@admin.register(Segment)
class SegmentAdmin(RecordAdmin):
    """A segment is found or defined elsewhere; here it can be given a better name."""

    list_display = ["name", "kind", "segmentation", "description", "created_at"]
    list_filter = ["kind", "segmentation__is_current"]
    list_select_related = ["segmentation"]
    search_fields = ["name__icontains", "description__icontains"]
    fields = ["name", "description", "kind", "segmentation", "number", "profile", "created_at"]
    readonly_fields = ["kind", "segmentation", "number", "profile", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(SegmentMembership)
class SegmentMembershipAdmin(LookOnlyAdmin):
    list_display = ["customer", "segment", "valid_from", "valid_until"]
    list_select_related = ["customer", "segment"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []


@admin.register(GroupReport)
class GroupReportAdmin(LookOnlyAdmin):
    list_display = ["kind", "as_of", "refusal", "made_at"]
    search_fields = ["kind__exact"]


@admin.register(LifetimeReport)
class LifetimeReportAdmin(LookOnlyAdmin):
    list_display = ["as_of", "horizon_days", "n_customers", "refusal", "made_at"]
    search_fields = ["refusal__icontains"]


@admin.register(Prediction)
class PredictionAdmin(LookOnlyAdmin):
    list_display = ["customer", "kind", "predicted_clv", "predicted_clv_low", "predicted_clv_high", "chance_alive"]
    list_filter = ["kind"]
    list_select_related = ["customer"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []


@admin.register(SegmentRule)
class SegmentRuleAdmin(LookOnlyAdmin):
    """Changed in the rule builder, which understands rules; here they are only looked at."""

    list_display = ["segment", "version", "refresh_hours", "edited_by", "edited_at"]
    list_select_related = ["segment", "edited_by"]
    search_fields = ["segment__name__icontains"]


@admin.register(SegmentRefresh)
class SegmentRefreshAdmin(LookOnlyAdmin):
    list_display = ["segment", "at", "is_full", "n_entered", "n_left", "n_members", "seconds", "trouble"]
    list_select_related = ["segment"]
    search_fields = ["segment__name__icontains"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []
