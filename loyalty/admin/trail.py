from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from loyalty.admin.records import LookOnlyAdmin
from loyalty.models import AuditEntry
from loyalty.queries.trail import Chosen, change_list


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnlyAdmin):
    list_display = ["at", "actor_name", "via", "action", "table", "object_key", "object_id", "n_rows", "reason"]
    list_filter = ["via", "action"]
    search_fields = ["object_key", "actor_name"]
    search_help_text = "The key or name of what was changed, or the log-in of who did it."

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return change_list(Chosen(), user=request.user).order_by("-pk")
