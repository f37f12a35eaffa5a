from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.serializers import StrictFields
from loyalty.api.viewsets import ReadViewSet
from loyalty.models import Customer


class CustomerSerializer(StrictFields, serializers.ModelSerializer[Customer]):
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


@extend_schema(tags=["Customers"])
@extend_schema_view(
    list=extend_schema(summary="List customers"),
    retrieve=extend_schema(summary="One customer"),
)
class CustomerViewSet(ReadViewSet):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilter
    lookup_field = "external_id"
