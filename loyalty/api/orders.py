from typing import Any

from django.db.models import Prefetch
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.serializers import StrictFields
from loyalty.api.viewsets import ReadViewSet
from loyalty.models import Order, OrderLine


class OrderLineSerializer(StrictFields, serializers.ModelSerializer[OrderLine]):
    sku = serializers.CharField(source="product.sku", max_length=64)

    class Meta:
        model = OrderLine
        fields = ["line_number", "sku", "quantity", "amount", "discount", "coupon_discount"]


class OrderSerializer(StrictFields, serializers.ModelSerializer[Order]):
    customer = serializers.CharField(
        source="customer.external_id",
        max_length=64,
        default=None,
        allow_null=True,
        help_text="External id of the customer; null when nobody was recognised.",
    )
    reverses = serializers.CharField(
        source="reverses.external_id",
        max_length=64,
        default=None,
        allow_null=True,
        help_text="External id of the order that this return reverses.",
    )
    lines: Any = OrderLineSerializer(many=True, allow_empty=False)

    class Meta:
        model = Order
        fields = ["external_id", "customer", "ordered_at", "channel", "store", "currency", "reverses", "lines"]


class OrderFilter(filters.FilterSet):
    external_id = filters.BaseInFilter(field_name="external_id", help_text="One key, or several with commas between.")
    customer = filters.CharFilter(field_name="customer__external_id", help_text="External id of the customer.")
    since = filters.IsoDateTimeFilter(field_name="ordered_at", lookup_expr="gte", help_text="Ordered at or after.")
    until = filters.IsoDateTimeFilter(field_name="ordered_at", lookup_expr="lt", help_text="Ordered before.")

    class Meta:
        model = Order
        fields = ["channel", "store"]


@extend_schema(tags=["Orders"])
@extend_schema_view(
    list=extend_schema(summary="List orders with their lines"),
    retrieve=extend_schema(summary="One order with its lines"),
)
class OrderViewSet(ReadViewSet):
    queryset = Order.objects.select_related("customer", "reverses").prefetch_related(
        Prefetch("lines", OrderLine.objects.select_related("product").order_by("line_number"))
    )
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    lookup_field = "external_id"
