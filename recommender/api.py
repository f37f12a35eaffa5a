from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.paging import StablePaging
from loyalty.api.routers import ApiRouter
from loyalty.api.viewsets import ListViewSet, NestedListViewSet
from recommender.models import ModelVersion, Recommendation


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = ["id", "label", "alias", "is_baseline", "trained_at"]
        read_only_fields = fields


class RecommendationSerializer(serializers.ModelSerializer[Recommendation]):
    customer = serializers.CharField(source="customer.external_id", read_only=True, help_text="External id.")
    sku = serializers.CharField(source="product.sku", read_only=True)
    product_name = serializers.CharField(source="product.name", read_only=True)
    model = VersionSerializer(source="model_version", read_only=True)

    class Meta:
        model = Recommendation
        fields = ["customer", "rank", "sku", "product_name", "score", "reason", "made_at", "model"]
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
        description="What the model in use recommends; a model that does not beat its baseline is not in use.",
    )
)
class RecommendationViewSet(ListViewSet):
    noun = "recommendations"
    queryset = SERVING
    serializer_class = RecommendationSerializer
    filterset_class = RecommendationFilter


class BestFirst(StablePaging):
    # One model in use: a rank is given once a customer.
    ordering = "rank"


@extend_schema(tags=["Recommendations"])
@extend_schema_view(
    list=extend_schema(
        summary="What to recommend to one customer, best first",
        parameters=[OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="Key of the customer.")],
    )
)
class CustomerRecommendationViewSet(NestedListViewSet):
    noun = "recommendations"
    queryset = SERVING
    serializer_class = RecommendationSerializer
    pagination_class = BestFirst
    parent, parent_key = "customer", "external_id"


router = ApiRouter()
router.register("recommendations", RecommendationViewSet)
router.register(
    r"customers/(?P<external_id>[^/\x00]+)/recommendations",
    CustomerRecommendationViewSet,
    basename="api-customer-recommendation",
)
