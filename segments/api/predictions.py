from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.viewsets import NestedListViewSet
from loyalty.queries.merges import kept_key
from segments.models import Prediction


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    churn_probability = serializers.FloatField(read_only=True, help_text="Chance to be a customer no more.")

    class Meta:
        model = Prediction
        fields = [
            "kind", "as_of", "horizon_days", "currency", "predicted_clv", "predicted_clv_low", "predicted_clv_high",
            "historic_clv", "expected_orders", "expected_orders_low", "expected_orders_high", "churn_probability",
            "chance_alive", "chance_alive_low", "chance_alive_high", "average_days_between_orders",
            "expected_date_of_next_order", "next_order_low", "next_order_high", "made_at",
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema(tags=["Customers"])
@extend_schema_view(
    list=extend_schema(
        summary="What is expected of one customer",
        description=(
            "Spend and orders within the horizon, the chance to still be a customer and the next order, each with the "
            "range that holds 9 times in 10. Empty where nothing could be expected yet."
        ),
        parameters=[OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="Key of the customer.")],
    )
)
class CustomerPredictionViewSet(NestedListViewSet):
    noun = "customers"
    queryset = Prediction.objects.all()
    serializer_class = PredictionSerializer
    parent, parent_key = "customer", "external_id"

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Also by a key that the customer had before it was merged.
        self.kwargs["external_id"] = kept_key(self.kwargs["external_id"])
