from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.timezone import now

from campaigns.models import DemographicsDecision
from loyalty.admin.records import RecordAdmin


@admin.register(DemographicsDecision)
class DemographicsDecisionAdmin(RecordAdmin):
    """Decided anew by another row: what was decided before stays to be read."""

    list_display = ["at", "is_allowed", "reason", "by"]
    list_select_related = ["by"]
    search_fields = ["reason__icontains"]
    fields = ["is_allowed", "reason"]

    def has_change_permission(self, request: HttpRequest, obj: DemographicsDecision | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DemographicsDecision | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: DemographicsDecision, form: Any, change: bool) -> None:
        obj.by, obj.at = request.user, now()  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
