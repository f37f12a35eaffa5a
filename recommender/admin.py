from typing import ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now

from loyalty.admin.records import LookOnlyAdmin, ManyRowsAdmin, OfCustomer, OfProduct
from loyalty.tasks import wake
from recommender.models import (
    DecayChoice,
    ModelVersion,
    PairedScores,
    ProductPlace,
    ProductRelation,
    ProductRuling,
    Promotion,
    Recommendation,
    RelationRuling,
    Retraining,
    ScoringRun,
    ServedList,
    Shortlist,
    StockReplacement,
    SurrogateTree,
    Tuning,
    TuningTrial,
)
from recommender.registry import PromotionRefused
from recommender.services.serving import put_in_use


@admin.register(ModelVersion)
class ModelVersionAdmin(LookOnlyAdmin):
    list_display = ["label", "purpose", "alias", "is_baseline", "parent", "verdict", "data_until", "trained_at"]
    list_select_related = ["parent"]
    list_filter = ["purpose", "alias", "is_baseline"]
    search_fields = ["label__icontains", "algorithm__icontains"]
    date_hierarchy = "trained_at"
    actions = ["promote_selected"]

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recommender.change_modelversion")

    @admin.action(description="Put the selected version to use", permissions=["promote"])
    def promote_selected(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        for version in queryset.order_by("id"):
            try:
                self._promote(request, version)
            except PromotionRefused as refused:
                self.message_user(request, str(refused), messages.ERROR)
            else:
                self.message_user(request, f"In use: {version}.", messages.SUCCESS)

    @transaction.atomic
    def _promote(self, request: HttpRequest, version: ModelVersion) -> None:
        """As the page Models does: the same gate, the same history, and recommendations made afresh."""
        job = put_in_use(version=version, by=request.user, at=now())  # type: ignore[arg-type]
        if job is not None:
            transaction.on_commit(lambda: wake(job))


@admin.register(Promotion)
class PromotionAdmin(LookOnlyAdmin):
    list_display = ["version", "from_version", "by", "at", "reason", "is_override", "is_roll_back"]
    list_filter = ["is_override", "is_roll_back", "version__purpose"]
    list_select_related = ["version", "from_version", "by"]
    search_fields = ["reason__icontains"]


@admin.register(Tuning)
class TuningAdmin(LookOnlyAdmin):
    list_display = ["algorithm", "version", "budget_seconds", "as_of", "made_at", "job"]
    list_filter = ["algorithm"]
    list_select_related = ["version", "job"]
    search_fields = ["algorithm__icontains"]


@admin.register(TuningTrial)
class TuningTrialAdmin(LookOnlyAdmin):
    list_display = ["tuning", "number", "value", "low", "high", "seconds", "is_chosen"]
    list_filter = ["is_chosen"]
    list_select_related = ["tuning"]
    search_fields = ["tuning__algorithm__icontains"]


@admin.register(SurrogateTree)
class SurrogateTreeAdmin(LookOnlyAdmin):
    list_display = ["version", "n_customers", "as_of", "made_at"]
    list_select_related = ["version"]
    search_fields = ["version__label__icontains"]


@admin.register(Retraining)
class RetrainingAdmin(LookOnlyAdmin):
    list_display = ["mode", "every_days", "window_months", "last_at", "last_job"]
    list_select_related = ["last_job"]
    search_fields = ["mode__icontains"]


@admin.register(PairedScores)
class PairedScoresAdmin(LookOnlyAdmin):
    list_display = ["version"]
    list_select_related = ["version"]
    search_fields = ["version__label__icontains"]
    exclude = ("arrays",)


@admin.register(Recommendation)
class RecommendationAdmin(OfCustomer, ManyRowsAdmin):
    list_display = ["customer", "rank", "product", "score", "reason", "model_version", "made_at"]
    list_select_related = ["customer", "product", "model_version"]


@admin.register(ScoringRun)
class ScoringRunAdmin(LookOnlyAdmin):
    list_display = ["model_version", "as_of", "begun_at", "finished_at"]
    list_filter = [("finished_at", admin.EmptyFieldListFilter)]
    list_select_related = ["model_version"]
    search_fields = ["model_version__label__icontains"]


@admin.register(Shortlist)
class ShortlistAdmin(OfCustomer, ManyRowsAdmin):
    list_display = ["customer", "model_version", "made_at"]
    list_select_related = ["customer", "model_version"]


@admin.register(ServedList)
class ServedListAdmin(OfCustomer, LookOnlyAdmin):
    list_display = ["id", "customer", "placement", "source", "model_version", "served_at"]
    list_filter = ["placement"]
    list_select_related = ["customer", "model_version"]
    sortable_by: ClassVar[list[str]] = []


@admin.register(ProductRelation)
class ProductRelationAdmin(OfProduct, ManyRowsAdmin):
    list_display = ["product", "kind", "other", "score", "model_version"]
    list_filter = ["kind"]
    list_select_related = ["product", "other", "model_version"]


@admin.register(ProductPlace)
class ProductPlaceAdmin(OfProduct, ManyRowsAdmin):
    list_display = ["product", "x", "y", "n_orders", "model_version"]
    list_select_related = ["product", "model_version"]


@admin.register(RelationRuling)
class RelationRulingAdmin(OfProduct, LookOnlyAdmin):
    list_display = ["product", "kind", "other", "verdict", "reason", "by", "at"]
    list_filter = ["verdict", "kind"]
    list_select_related = ["product", "other", "by"]


@admin.register(ProductRuling)
class ProductRulingAdmin(OfProduct, LookOnlyAdmin):
    list_display = ["product", "verdict", "placement", "reason", "by", "at"]
    list_filter = ["verdict"]
    list_select_related = ["product", "by"]


@admin.register(StockReplacement)
class StockReplacementAdmin(OfProduct, ManyRowsAdmin):
    list_display = ["product", "substitute", "kind", "out_since", "since", "until"]
    list_filter = [("until", admin.EmptyFieldListFilter)]
    list_select_related = ["product", "substitute"]


@admin.register(DecayChoice)
class DecayChoiceAdmin(LookOnlyAdmin):
    list_display = ["task", "half_life_days", "as_of", "made_at", "job"]
    list_filter = ["task"]
    list_select_related = ["job"]
    search_fields = ["job__label__icontains"]
