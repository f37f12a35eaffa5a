import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.etags import is_known
from loyalty.api.routers import ApiRouter
from loyalty.api.viewsets import ApiViewSet, ListViewSet
from recommender.models import ModelVersion, Recommendation
from recommender.models.placements import DEFAULT, MOST, PLACEMENTS
from recommender.queries.stored import as_served
from recommender.services.lists import Given, NoSuchCustomer, give_list
from recommender.services.online import SOURCES, ServedItem, ServedVersion

ASKED = {"placement", "k", "session"}
SESSION_LENGTH = 20
SKU_LENGTH = 64
NOTHING_SHOWN = uuid.UUID("4d0a0f0e-6f5d-4f0e-9f6d-2c1f6f0f7c11")


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = ["id", "label", "alias", "is_baseline", "trained_at"]
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


class ProductShownSerializer(serializers.Serializer[ServedItem]):
    rank = serializers.IntegerField()
    sku = serializers.CharField()
    product_name = serializers.CharField()
    reason = serializers.CharField(help_text="One sentence that may stand beside the product.")
    because = serializers.CharField(allow_null=True, help_text="SKU of the product that speaks for it.")
    in_place_of = serializers.CharField(allow_null=True, help_text="SKU of the product that is out of stock.")


class ServedVersionSerializer(serializers.Serializer[ServedVersion]):
    id = serializers.IntegerField()
    label: Any = serializers.CharField()
    algorithm = serializers.CharField()


class GivenSerializer(serializers.Serializer[Given]):
    recommendation_id = serializers.UUIDField(
        allow_null=True, help_text="Send it along with clicks and orders that follow; null when nothing is shown."
    )
    customer = serializers.CharField(help_text="External id.")
    placement = serializers.CharField()
    made_at = serializers.DateTimeField()
    source: Any = serializers.ChoiceField(
        choices=SOURCES, help_text="Made of the model's list for this customer, or of something simpler."
    )
    model = ServedVersionSerializer(
        allow_null=True, help_text="The version whose list it is; null for something simpler."
    )
    note = serializers.CharField(help_text="Why nothing is shown; empty otherwise.")
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="Products not shown, by the reason.")
    items = ProductShownSerializer(many=True)


SESSION = "SKUs of what is being viewed or has been added, oldest first, with commas between; at most 20."
PLACES = ", ".join(f"`{one.name}` ({one.label[:1].lower()}{one.label[1:]})" for one in PLACEMENTS.values())


@extend_schema(tags=["Recommendations"])
class CustomerRecommendationsView(ApiViewSet):
    """One list, made for this moment; no rows of a table, so nothing to page through."""

    noun = "recommendations"
    queryset = Recommendation.objects.none()
    serializer_class = GivenSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(
        summary="What to show to one customer in one place, best first",
        description=(
            "Made of the customer's own list by the model in use, of what is being looked at, and of what is known at "
            "this moment: what was bought already and is not bought twice, what is out of stock (its substitute takes "
            "its place), what marketers pinned or blocked. A customer who refused the purpose of the place gets an "
            "empty list that says so. Every product comes with its reason. The same list, with the same number, is "
            "given again for up to ten minutes unless a purchase, a change of stock or of consent comes in between."
        ),
        parameters=[
            OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="Key of the customer."),
            OpenApiParameter("placement", str, enum=list(PLACEMENTS), default=DEFAULT, description=f"Where: {PLACES}."),
            OpenApiParameter("k", {"type": "integer", "minimum": 1, "maximum": MOST}, description="How many at most."),
            OpenApiParameter("session", str, description=SESSION),
        ],
        responses=GivenSerializer,
    )
    def retrieve(self, request: Request, external_id: str) -> Response:
        asked = _asked(request)
        try:
            given = give_list(customer_key=external_id, at=timezone.now(), **asked)
        except NoSuchCustomer as error:
            raise Http404(str(error)) from error
        etag = f'"{given.recommendation_id or uuid.uuid5(NOTHING_SHOWN, given.served.note)}"'
        if is_known(request, etag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
        return Response(_told(given), headers={"ETag": etag})


def _asked(request: Request) -> dict[str, Any]:
    """What the call asks for. Anything that is not understood is refused: ignoring it would answer something else."""
    told = request.query_params
    problems = {name: f"There is no such parameter. Choose from: {', '.join(ASKED)}." for name in set(told) - ASKED}
    placement, k, session = told.get("placement", DEFAULT), told.get("k"), told.get("session", "")
    skus = [sku for sku in session.split(",") if sku]
    if placement not in PLACEMENTS:
        problems["placement"] = f"Must be one of: {', '.join(PLACEMENTS)}."
    if k is not None and not (k.isascii() and k.isdigit() and len(k) < 4 and 1 <= int(k) <= MOST):
        problems["k"] = f"Must be a whole number from 1 to {MOST}."
    if len(skus) > SESSION_LENGTH or any(len(sku) > SKU_LENGTH or "\x00" in sku for sku in skus):
        problems["session"] = f"At most {SESSION_LENGTH} SKUs with commas between, of at most {SKU_LENGTH} characters."
    if problems:
        raise ValidationError(problems)
    return {"placement": placement, "k": None if k is None else int(k), "session": skus}


def _told(given: Given) -> dict[str, Any]:
    served = given.served
    version = served.version
    return {
        "recommendation_id": given.recommendation_id and str(given.recommendation_id),
        "customer": served.external_id,
        "placement": served.placement.name,
        "made_at": served.made_at.isoformat(),
        "source": served.source,
        "model": version and {"id": version.id, "label": version.label, "algorithm": version.algorithm},
        "note": served.note,
        "left_out": served.left_out,
        "items": [_shown(rank, item) for rank, item in enumerate(served.items, start=1)],
    }


def _shown(rank: int, item: ServedItem) -> dict[str, Any]:
    return {
        "rank": rank,
        "sku": item.product.sku,
        "product_name": item.product.name,
        "reason": item.reason,
        "because": item.because and item.because.sku,
        "in_place_of": item.in_place_of and item.in_place_of.sku,
    }


router = ApiRouter()
router.register("recommendations", RecommendationViewSet)
