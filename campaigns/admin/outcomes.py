from typing import ClassVar

from django.contrib import admin

from campaigns.models import Outcome, Redemption
from loyalty.admin.records import LookOnlyAdmin, RecordAdmin, RecordForm


@admin.register(Outcome)
class OutcomeAdmin(LookOnlyAdmin):
    list_display = ["campaign", "metric", "value", "currency", "is_complete", "observed_until"]
    list_filter = ["metric", "is_complete"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__name__icontains"]
    ordering = ["-id"]


class RedemptionForm(RecordForm):
    sentences: ClassVar = {"redemption_discount_not_negative": ("discount", "The discount cannot be below zero.")}


@admin.register(Redemption)
class RedemptionAdmin(RecordAdmin):
    form = RedemptionForm
    list_display = ["campaign", "offer", "customer", "redeemed_at", "code", "discount"]
    list_select_related = ["campaign", "offer", "customer"]
    search_fields = ["customer__external_id__exact", "offer__external_id__exact"]
    search_help_text = "External id of the customer or of the offer"
    autocomplete_fields = ["campaign", "offer", "customer", "order"]
    ordering = ["-id"]
    sortable_by = ["redeemed_at"]
