from django.contrib import admin

from loyalty.admin.records import LookOnlyAdmin, ManyRowsAdmin
from loyalty.models import CustomerAlias, CustomerMerge, MergedRow


@admin.register(CustomerMerge)
class CustomerMergeAdmin(LookOnlyAdmin):
    list_display = ["gone_external_id", "kept", "merged_by", "merged_at", "undone_by", "undone_at"]
    list_select_related = ["kept", "merged_by", "undone_by"]
    search_fields = ["gone_external_id__exact", "kept__external_id__exact"]
    search_help_text = "External id of either customer"
    ordering = ["-id"]


@admin.register(CustomerAlias)
class CustomerAliasAdmin(LookOnlyAdmin):
    list_display = ["external_id", "customer"]
    list_select_related = ["customer"]
    search_fields = ["external_id__exact", "customer__external_id__exact"]
    search_help_text = "The old key, or the one that is kept"
    ordering = ["-id"]


@admin.register(MergedRow)
class MergedRowAdmin(ManyRowsAdmin):
    list_display = ["merge", "table", "row_id", "came_later"]
    list_select_related = ["merge"]
    search_fields = ["merge__gone_external_id__exact"]
    search_help_text = "The key of the customer that went"
