from django.contrib import admin

from loyalty.admin.records import LookOnlyAdmin
from loyalty.models import ImportSource, SourceFile, SourceVisit


@admin.register(ImportSource)
class ImportSourceAdmin(LookOnlyAdmin):
    """Changed on its own page, where the address is checked before it is kept."""

    list_display = ["name", "kind", "url", "is_active", "looked_at", "next_due_at", "trouble"]
    list_filter = ["is_active", "kind"]
    search_fields = ["name__icontains", "url__icontains"]


@admin.register(SourceVisit)
class SourceVisitAdmin(LookOnlyAdmin):
    list_display = ["source", "due_at", "job"]
    list_select_related = ["source", "job"]
    search_fields = ["source__name__icontains"]


@admin.register(SourceFile)
class SourceFileAdmin(LookOnlyAdmin):
    list_display = ["path", "source", "state", "size", "run", "seen_at", "note"]
    list_filter = ["state"]
    list_select_related = ["source", "run"]
    search_fields = ["path__icontains"]
