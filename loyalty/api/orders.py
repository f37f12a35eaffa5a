from typing import Any

from django.db.models import Prefetch
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.doors import Door
from loyalty.api.permissions import add_and_change
from loyalty.api.serializers import batch_of
from loyalty.api.viewsets import WrittenViewSet
from loyalty.models import Order, OrderLine
from loyalty.services.ingest import kind_named


class OrderLineSerializer(serializers.ModelSerializer[OrderLine]):
    sku = serializers.CharField(source="product.sku", max_length=64)

    class Meta:
        model = OrderLine
        fields = ["line_number", "sku", "quantity", "amount", "discount", "coupon_discount"]
        extra_kwargs = {
            "line_number": {"required": False, "help_text": "Left out: its place in the list."},
            "amount": {"help_text": "What was paid for the whole line."},
        }


class OrderSerializer(serializers.ModelSerializer[Order]):
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
        extra_kwargs = {"currency": {"required": False, "help_text": "ISO 4217; left out, the shop's own."}}


class OrderFilter(filters.FilterSet):
    external_id = filters.BaseInFilter(field_name="external_id", help_text="One key, or several with commas between.")
    customer = filters.CharFilter(field_name="customer__external_id", help_text="External id of the customer.")
    since = filters.IsoDateTimeFilter(field_name="ordered_at", lookup_expr="gte", help_text="Ordered at or after.")
    until = filters.IsoDateTimeFilter(field_name="ordered_at", lookup_expr="lt", help_text="Ordered before.")

    class Meta:
        model = Order
        fields = ["channel", "store"]


ROW = {
    "external_id": "O-5001",
    "customer": "C-1001",
    "ordered_at": "2026-03-31T18:30:00-04:00",
    "channel": "store",
    "store": "Main Street",
    "currency": "USD",
    "lines": [
        {"sku": "4011", "quantity": "3", "amount": "1.77", "discount": "0.20"},
        {"sku": "4012", "quantity": "1", "amount": "2.49"},
    ],
}


@extend_schema(tags=["Orders"])
@extend_schema_view(
    list=extend_schema(summary="List orders with their lines"),
    retrieve=extend_schema(summary="One order with its lines"),
    create=extend_schema(
        summary="Add an order",
        description="Customer and products have to be there already.",
        examples=[OpenApiExample("An order", request_only=True, value=ROW)],
    ),
    batch_upsert=extend_schema(
        summary="Add or change up to 1,000 orders",
        description=(
            "An order is sent, and taken, whole: one wrong line and it waits, and a line that is no longer in it is "
            "gone. Lines are recognised by their number; sent again, nothing is counted twice."
        ),
        request=batch_of(OrderSerializer, "OrderBatch"),
        examples=[OpenApiExample("One order", request_only=True, value={"rows": [ROW]})],
    ),
)
class OrderViewSet(WrittenViewSet):
    noun = "orders"
    queryset = Order.objects.select_related("customer", "reverses").prefetch_related(
        Prefetch("lines", OrderLine.objects.select_related("product").order_by("line_number"))
    )
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    lookup_field = "external_id"
    action_permissions = {"batch_upsert": add_and_change(Order, OrderLine)}
    door = Door(kind_named("orders"))
