from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.doors import Door
from loyalty.api.permissions import add_and_change
from loyalty.api.serializers import batch_of
from loyalty.api.viewsets import ChangedViewSet
from loyalty.models import Product
from loyalty.services.ingest import kind_named


class ProductSerializer(serializers.ModelSerializer[Product]):
    category = serializers.CharField(
        source="category.path",
        max_length=300,
        default=None,
        allow_null=True,
        help_text="Path from the root, `Grocery > Frozen > Ice`.",
    )

    class Meta:
        model = Product
        fields = [
            "sku",
            "name",
            "category",
            "brand",
            "price",
            "cost",
            "currency",
            "stock",
            "quantity_unit",
            "text",
            "attributes",
            "is_catalogued",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["is_catalogued"]
        extra_kwargs = {"currency": {"required": False, "help_text": "ISO 4217; left out, the shop's own."}}


class ProductFilter(filters.FilterSet):
    sku = filters.BaseInFilter(field_name="sku", help_text="One SKU, or several with commas between.")
    category = filters.CharFilter(
        field_name="category__path", lookup_expr="startswith", help_text="Beginning of the category's path."
    )
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name.")
    updated_since = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = Product
        fields = ["brand", "is_catalogued"]


ROW = {
    "sku": "4011",
    "name": "Bananas",
    "category": "Produce > Fruit > Bananas",
    "brand": "Own brand",
    "price": "0.59",
    "cost": "0.31",
    "currency": "USD",
    "stock": 120,
}

CHANGE = {"price": "0.69", "stock": 80}


@extend_schema(tags=["Products"])
@extend_schema_view(
    list=extend_schema(summary="List products"),
    retrieve=extend_schema(summary="One product"),
    create=extend_schema(summary="Add a product", examples=[OpenApiExample("A product", request_only=True, value=ROW)]),
    partial_update=extend_schema(
        summary="Change some fields of a product",
        description="Send If-Match with the ETag that you read; what you do not name stays as it is; null empties it.",
        examples=[OpenApiExample("Two fields", request_only=True, value=CHANGE)],
    ),
    destroy=extend_schema(
        summary="Take a product back that was a mistake",
        description="Send If-Match. Refused when other records refer to it: their past would change.",
    ),
    batch_upsert=extend_schema(
        summary="Add or change up to 1,000 products",
        description="New categories are made. A field that no row names stays as it is; null empties it.",
        request=batch_of(ProductSerializer, "ProductBatch"),
        examples=[OpenApiExample("One product", request_only=True, value={"rows": [ROW]})],
    ),
)
class ProductViewSet(ChangedViewSet):
    noun = "products"
    queryset = Product.objects.select_related("category")
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    lookup_field = "sku"
    action_permissions = {"batch_upsert": add_and_change(Product)}
    door = Door(kind_named("products"))
