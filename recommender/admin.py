from typing import ClassVar

from django.contrib import admin

from loyalty.admin.records import LookOnlyAdmin
from recommender.models import ModelVersion, ProductRelation, Recommendation


@admin.register(ModelVersion)
class ModelVersionAdmin(LookOnlyAdmin):
    list_display = ["label", "purpose", "alias", "is_baseline", "verdict", "data_until", "trained_at"]
    list_filter = ["purpose", "alias", "is_baseline"]
    search_fields = ["label__icontains", "algorithm__icontains"]
    date_hierarchy = "trained_at"


@admin.register(Recommendation)
class RecommendationAdmin(LookOnlyAdmin):
    list_display = ["customer", "rank", "product", "score", "reason", "model_version", "made_at"]
    list_select_related = ["customer", "product", "model_version"]
    search_fields = ["customer__external_id__exact"]
    search_help_text = "External id of the customer"
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []


@admin.register(ProductRelation)
class ProductRelationAdmin(LookOnlyAdmin):
    list_display = ["product", "kind", "other", "score", "model_version"]
    list_filter = ["kind"]
    list_select_related = ["product", "other", "model_version"]
    search_fields = ["product__sku__exact"]
    search_help_text = "SKU of the product"
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []
