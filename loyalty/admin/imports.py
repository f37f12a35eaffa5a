from typing import Any, ClassVar

from django.contrib import admin

from loyalty.admin.records import LookOnlyAdmin
from loyalty.models import ImportMapping, IngestRun, RejectedRow


@admin.register(IngestRun)
class IngestRunAdmin(LookOnlyAdmin):
    list_display = [
        "kind",
        "source",
        "state",
        "n_rows",
        "n_created",
        "n_updated",
        "n_unchanged",
        "n_rejected",
        "started_by",
        "started_at",
    ]
    list_filter = ["state", "kind"]
    list_select_related = ["started_by"]
    search_fields = ["source__icontains"]
    date_hierarchy = "started_at"


@admin.register(RejectedRow)
class RejectedRowAdmin(LookOnlyAdmin):
    list_display = ["run", "line", "column", "value", "reason"]
    list_select_related = ["run"]
    search_fields = ["run__source__icontains", "value__startswith"]
    search_help_text = "Part of the file's name, or beginning of the value"
    ordering = ["-id"]
    sortable_by: ClassVar[list[Any]] = []


@admin.register(ImportMapping)
class ImportMappingAdmin(LookOnlyAdmin):
    list_display = ["name", "kind", "at"]
    list_filter = ["kind"]
    search_fields = ["name__icontains"]
