from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

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
    actions = ["merge_selected"]

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("loyalty.merge_customer")

    @admin.action(description="Compare and merge two selected customers", permissions=["merge"])
    def merge_selected(self, request: HttpRequest, queryset: QuerySet[Customer]) -> HttpResponse | None:
        pair = list(queryset.order_by("pk").values_list("pk", flat=True)[:3])
        if len(pair) != 2:
            self.message_user(request, "Select exactly two customers.", messages.WARNING)
            return None
        return redirect(reverse("customer-merge", args=[pair[0]], query={"with": pair[1]}))


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
