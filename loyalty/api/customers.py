from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.doors import Door
from loyalty.api.permissions import add_and_change
from loyalty.api.serializers import batch_of
from loyalty.api.viewsets import ChangedViewSet
from loyalty.models import Customer
from loyalty.queries.merges import kept_key
from loyalty.services.ingest import kind_named


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    class Meta:
        model = Customer
        fields = [
            "external_id",
            "name",
            "age_group",
            "gender",
            "income_band",
            "household_type",
            "household_size",
            "location",
            "preferred_channel",
            "attributes",
            "joined_on",
            "created_at",
            "updated_at",
        ]
        extra_kwargs = {"external_id": {"help_text": "The key of your CRM; one customer for ever."}}


class CustomerFilter(filters.FilterSet):
    external_id = filters.BaseInFilter(field_name="external_id", help_text="One key, or several with commas between.")
    updated_since = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name.")

    class Meta:
        model = Customer
        fields = ["age_group", "income_band", "household_type", "location", "preferred_channel"]


ROW = {
    "external_id": "C-1001",
    "name": "Ada Byron",
    "age_group": "35-44",
    "location": "Cincinnati",
    "preferred_channel": "email",
    "attributes": {"shoe_size": 38},
    "joined_on": "2024-05-31",
}
BATCH = [ROW, {**ROW, "external_id": "C-1002", "name": "Grace Hopper"}]

CHANGE = {"location": "Dayton", "preferred_channel": "sms"}


@extend_schema(tags=["Customers"])
@extend_schema_view(
    list=extend_schema(summary="List customers"),
    retrieve=extend_schema(summary="One customer"),
    create=extend_schema(
        summary="Add a customer", examples=[OpenApiExample("A customer", request_only=True, value=ROW)]
    ),
    partial_update=extend_schema(
        summary="Change some fields of a customer",
        description="Send If-Match with the ETag that you read; what you do not name stays as it is; null empties it.",
        examples=[OpenApiExample("Two fields", request_only=True, value=CHANGE)],
    ),
    destroy=extend_schema(
        summary="Take a customer back that was a mistake",
        description="Send If-Match. Refused when other records refer to it: their past would change.",
    ),
    batch_upsert=extend_schema(
        summary="Add or change up to 1,000 customers",
        description="A field that no row names stays as it is; null empties it. Sent again, nothing changes.",
        request=batch_of(CustomerSerializer, "CustomerBatch"),
        examples=[OpenApiExample("Two customers", request_only=True, value={"rows": BATCH})],
    ),
)
class CustomerViewSet(ChangedViewSet):
    noun = "customers"
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilter
    lookup_field = "external_id"
    action_permissions = {"batch_upsert": add_and_change(Customer)}
    door = Door(kind_named("customers"))

    def get_object(self) -> Customer:
        """Also by a key that the customer had before it was merged; the answer carries the one that is kept."""
        self.kwargs["external_id"] = kept_key(self.kwargs["external_id"])
        found: Customer = super().get_object()
        return found
