from typing import ClassVar

from django.contrib import admin

from loyalty.admin.records import RecordAdmin, RecordForm
from loyalty.models import Interaction, Rating


class RatingForm(RecordForm):
    sentences: ClassVar = {
        "rating_value_in_range": ("value", "The value lies between -1 (against) and 1 (for)."),
        "rating_weight_not_negative": ("weight", "The weight cannot be below zero."),
    }


@admin.register(Interaction)
class InteractionAdmin(RecordAdmin):
    list_display = ["type", "customer", "product", "occurred_at", "source", "channel"]
    list_filter = ["type"]
    list_select_related = ["customer", "product"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    autocomplete_fields = ["customer", "product"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []


@admin.register(Rating)
class RatingAdmin(RecordAdmin):
    form = RatingForm
    list_display = ["customer", "product", "kind", "value", "weight", "source", "rated_at"]
    list_filter = ["kind"]
    list_select_related = ["customer", "product"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    autocomplete_fields = ["customer", "product"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []
