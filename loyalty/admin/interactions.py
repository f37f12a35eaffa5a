from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from loyalty.admin.records import RecordAdmin, RecordForm
from loyalty.models import Interaction, Rating

SCALE_SENTENCE = "The scale would have no room. Set its upper end above its lower one."


class RatingForm(RecordForm):
    sentences: ClassVar = {
        "rating_value_in_range": ("value", "The value lies between -1 (against) and 1 (for)."),
        "rating_weight_not_negative": ("weight", "The weight cannot be below zero."),
        "rating_scale_not_empty": ("scale_max", SCALE_SENTENCE),
    }


class InteractionForm(RecordForm):
    sentences: ClassVar = {"interaction_has_type": ("type", "Say what was done.")}


class KnownTypeFilter(admin.SimpleListFilter):
    """The names all tools speak. Listing the shop's own would read the whole table."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in Interaction.Type.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Interaction]) -> QuerySet[Interaction]:
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(Interaction)
class InteractionAdmin(RecordAdmin):
    form = InteractionForm
    list_display = ["type", "customer", "product", "occurred_at", "source", "channel"]
    list_filter = [KnownTypeFilter]
    list_select_related = ["customer", "product"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    autocomplete_fields = ["customer", "product", "category"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []


@admin.register(Rating)
class RatingAdmin(RecordAdmin):
    form = RatingForm
    list_display = ["customer", "product", "kind", "value", "raw_value", "weight", "source", "rated_at"]
    list_filter = ["kind"]
    list_select_related = ["customer", "product"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    autocomplete_fields = ["customer", "product"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []
