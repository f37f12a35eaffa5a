from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.viewsets import ListViewSet
from recommender.models import ModelVersion, Recommendation
from recommender.queries.stored import as_served


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = ["id", "label", "alias", "is_baseline", "parent", "trained_at"]
        read_only_fields = fields


class RecommendationSerializer(serializers.ModelSerializer[Recommendation]):
    customer = serializers.CharField(source="customer.external_id", read_only=True, help_text="External id.")
    sku = serializers.CharField(source="product.sku", read_only=True)
    product_name = serializers.CharField(source="product.name", read_only=True)
    in_place_of = serializers.CharField(
        source="in_place_of.sku", read_only=True, default=None, help_text="SKU of the product that is out of stock."
    )
    model = VersionSerializer(source="model_version", read_only=True)

    class Meta:
        model = Recommendation
        fields = ["customer", "rank", "sku", "product_name", "in_place_of", "score", "reason", "made_at", "model"]
        read_only_fields = fields


class RecommendationFilter(filters.FilterSet):
    customer = filters.CharFilter(field_name="customer__external_id", help_text="External id of the customer.")
    sku = filters.CharFilter(field_name="product__sku", help_text="Customers this product is recommended to.")
    max_rank = filters.NumberFilter(field_name="rank", lookup_expr="lte", min_value=1, max_value=32767)


SERVING = Recommendation.objects.filter(model_version__alias=ModelVersion.Alias.CHAMPION).select_related(
    "customer", "product", "model_version"
)


@extend_schema(tags=["Recommendations"])
@extend_schema_view(
    list=extend_schema(
        summary="List recommendations",
        description="What the model in use recommends; a model that does not beat its baseline is not in use. "
        "What is out of stock gives its place to its best substitute; what may not be recommended is left out.",
    )
)
class RecommendationViewSet(ListViewSet):
    noun = "recommendations"
    queryset = SERVING
    serializer_class = RecommendationSerializer
    filterset_class = RecommendationFilter

    def paginate_queryset(self, queryset: Any) -> list[Any] | None:
        rows = super().paginate_queryset(queryset)
        return None if rows is None else as_served(rows)
