from typing import ClassVar

from django.contrib import admin

from loyalty.admin.interactions import SCALE_SENTENCE
from loyalty.admin.records import LookOnlyAdmin, RecordAdmin, RecordForm
from loyalty.models import Review, SentimentReader


class ReviewForm(RecordForm):
    sentences: ClassVar = {
        "review_rating_in_range": ("rating", "The rating lies between -1 (against) and 1 (for)."),
        "review_scale_not_empty": ("scale_max", SCALE_SENTENCE),
    }


@admin.register(Review)
class ReviewAdmin(RecordAdmin):
    form = ReviewForm
    list_display = ["product", "title", "raw_rating", "sentiment", "language", "reviewed_at", "source"]
    list_select_related = ["product"]
    search_fields = ["product__sku__exact", "customer__external_id__exact"]
    search_help_text = "SKU of the product, or external id of the customer"
    autocomplete_fields = ["customer", "product"]
    # Read from the words, not written by hand.
    readonly_fields = ["sentiment", "sentiment_version", "sentiment_of"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []


@admin.register(SentimentReader)
class SentimentReaderAdmin(LookOnlyAdmin):
    list_display = ["label", "serves", "n_reviews", "verdict", "learnt_at"]
    search_fields = ["label__icontains"]
    fields = ["label", "serves", "n_reviews", "metrics", "params", "verdict", "sha256", "learnt_at"]
    ordering = ["-id"]
