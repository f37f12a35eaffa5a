from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import NewProduct, NewProductForecast, NewProductSimulation
from campaigns.services.new_products import NewProductPlan, new_product_problems, start_new_product
from loyalty.api.jobs import JobSerializer
from loyalty.api.serializers import StrictFields
from loyalty.api.viewsets import NumberedViewSet
from loyalty.tasks import wake


class NewProductPlanSerializer(StrictFields):
    name = serializers.CharField(max_length=200)
    category = serializers.CharField(max_length=300, help_text="Its whole path, as the shop's products have it.")
    price = serializers.DecimalField(max_digits=12, decimal_places=2)
    currency = serializers.CharField(default=settings.DEFAULT_CURRENCY, max_length=3)
    brand = serializers.CharField(required=False, allow_blank=True, default="")
    text = serializers.CharField(required=False, allow_blank=True, default="")
    sku = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="It will have: then its buyers are counted by themselves.",
    )
    attributes = serializers.DictField(child=serializers.CharField(), required=False, default=dict)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for problem in new_product_problems(NewProductPlan(**attrs)):
            found.setdefault(problem.field, []).append(problem.sentence)
        if found:
            raise serializers.ValidationError(found)
        return attrs


class NewProductSerializer(serializers.ModelSerializer[NewProduct]):
    category = serializers.CharField(source="category.path", read_only=True)

    class Meta:
        model = NewProduct
        fields = ["id", "name", "category", "brand", "price", "currency", "text", "attributes", "sku"]
        read_only_fields = fields


class NewProductForecastSerializer(serializers.ModelSerializer[NewProductForecast]):
    class Meta:
        model = NewProductForecast
        exclude = ["id", "simulation"]


class NewProductSimulationSerializer(serializers.ModelSerializer[NewProductSimulation]):
    """What was asked and what is expected; the likeliest buyers are the members of `audience`."""

    new_product = NewProductSerializer(read_only=True)
    forecasts = NewProductForecastSerializer(many=True, read_only=True)

    class Meta:
        model = NewProductSimulation
        fields = ["id", "new_product", "audience", "as_of", "outcome_days", "created_at", "forecasts"]
        read_only_fields = fields


class NewProductSimulationDetailSerializer(NewProductSimulationSerializer):
    class Meta(NewProductSimulationSerializer.Meta):
        fields = [*NewProductSimulationSerializer.Meta.fields, "evidence", "curves", "seed"]
        read_only_fields = fields


PLAN = OpenApiExample(
    "A new coffee",
    request_only=True,
    value={
        "name": "Cold brew",
        "category": "Grocery > Coffee > Ground coffee",
        "price": "3.49",
        "brand": "National brand",
        "attributes": {"package_size": "12 OZ"},
    },
)


@extend_schema(tags=["Simulations"])
@extend_schema_view(
    list=extend_schema(summary="List simulations of new products with their forecasts"),
    retrieve=extend_schema(summary="One simulation of a new product, with what it rests on"),
)
class NewProductSimulationViewSet(NumberedViewSet):
    noun = "simulations"
    queryset = NewProductSimulation.objects.select_related("new_product__category").prefetch_related("forecasts")
    serializer_class = NewProductSimulationSerializer
    filterset_fields = ["new_product"]
    action_permissions = {"create": ["campaigns.add_simulation"]}

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "retrieve" else rows.defer("evidence", "curves")

    def get_serializer_class(self) -> type[NewProductSimulationSerializer]:
        return NewProductSimulationDetailSerializer if self.action == "retrieve" else NewProductSimulationSerializer

    @extend_schema(
        summary="Try a new product",
        description="Starts a job that forecasts its buyers; follow the job until it is done.",
        request=NewProductPlanSerializer,
        responses={202: JobSerializer},
        examples=[PLAN],
    )
    def create(self, request: Request) -> Response:
        asked = NewProductPlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with transaction.atomic():
            job = start_new_product(plan=NewProductPlan(**asked.validated_data), by=self.staff, at=timezone.now())
            transaction.on_commit(lambda: wake(job))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
