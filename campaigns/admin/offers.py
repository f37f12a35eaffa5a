from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from campaigns.admin.plans import OfferAddForm
from campaigns.models import Offer, OfferProduct
from campaigns.services.offers import create_offer
from loyalty.admin.products import CURRENCY_SENTENCE
from loyalty.admin.records import RecordAdmin, RecordForm


class OfferForm(RecordForm):
    sentences: ClassVar = {
        "offer_percent_in_range": ("benefit_percent", "The percentage must be above 0 and at most 100."),
        "offer_amount_not_negative": ("benefit_amount", "The amount saved cannot be below zero."),
        "offer_cost_not_negative": ("cost_per_redemption", "What one use costs you cannot be below zero."),
        "offer_validity_not_empty": ("valid_until", "The offer must end after it begins."),
        "offer_currency_iso": ("currency", CURRENCY_SENTENCE),
    }


@admin.register(Offer)
class OfferAdmin(RecordAdmin):
    form = OfferForm
    list_display = ["external_id", "name", "mechanic", "benefit_percent", "benefit_amount", "currency", "is_paused"]
    list_filter = ["mechanic", "is_paused"]
    search_fields = ["external_id__startswith", "name__icontains"]
    search_help_text = "Beginning of the external id, or part of the name"
    readonly_fields = ["external_id"]

    def get_readonly_fields(self, request: HttpRequest, obj: Offer | None = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else []

    def get_form(self, request: HttpRequest, obj: Offer | None = None, change: bool = False, **kwargs: Any) -> Any:
        return OfferAddForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Offer, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.pk = create_offer(plan=form.plan()).pk
            obj.refresh_from_db()


@admin.register(OfferProduct)
class OfferProductAdmin(RecordAdmin):
    list_display = ["offer", "product"]
    list_select_related = ["offer", "product"]
    search_fields = ["offer__external_id__exact", "product__sku__exact"]
    search_help_text = "External id of the offer, or SKU of the product"
    autocomplete_fields = ["offer", "product"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []
