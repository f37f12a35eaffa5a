from django.contrib import admin

from loyalty.admin.records import RecordAdmin
from loyalty.models import Consent, Customer


@admin.register(Customer)
class CustomerAdmin(RecordAdmin):
    list_display = ["external_id", "name", "age_group", "income_band", "household_type", "location", "joined_on"]
    list_filter = ["joined_on"]
    search_fields = ["external_id__startswith", "name__icontains"]
    search_help_text = "Beginning of the external id, or part of the name"
    readonly_fields = ["created_at", "updated_at"]
    ordering = ["id"]


@admin.register(Consent)
class ConsentAdmin(RecordAdmin):
    list_display = ["customer", "purpose", "channel", "state", "source", "at"]
    list_filter = ["state"]
    list_select_related = ["customer"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    autocomplete_fields = ["customer"]
    ordering = ["-id"]
    sortable_by = ["at"]
