from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.serializers import StrictFields
from loyalty.api.viewsets import ReadViewSet
from loyalty.models import Product


class ProductSerializer(StrictFields, serializers.ModelSerializer[Product]):
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


@extend_schema(tags=["Products"])
@extend_schema_view(
    list=extend_schema(summary="List products"),
    retrieve=extend_schema(summary="One product"),
)
class ProductViewSet(ReadViewSet):
    queryset = Product.objects.select_related("category")
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    lookup_field = "sku"
