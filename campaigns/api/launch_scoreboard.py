from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from campaigns.models import LaunchEntry, LaunchOutcome
from campaigns.queries.launch_ledger import closed_entries
from loyalty.api.viewsets import ListViewSet


class LaunchOutcomeSerializer(serializers.ModelSerializer[LaunchOutcome]):
    class Meta:
        model = LaunchOutcome
        fields = ["n_buyers", "first_sold_at", "observed_until", "is_complete", "place"]


class LaunchEntrySerializer(serializers.ModelSerializer[LaunchEntry]):
    """How many were forecast to buy a new product, as it was said then, and how many did."""

    outcome = LaunchOutcomeSerializer(read_only=True)
    is_inside = serializers.SerializerMethodField(help_text="Whether the 90 % interval held what happened.")

    class Meta:
        model = LaunchEntry
        fields = [
            "id", "name", "sku", "simulation", "is_replayed", "as_of", "made_at", "outcome_days", "mid", "mean",
            "low_50", "high_50", "low_80", "high_80", "low_90", "high_90", "low_95", "high_95",
            "usual", "outcome", "is_inside",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_inside(self, entry: LaunchEntry) -> bool:
        return entry.low_90 <= entry.outcome.n_buyers <= entry.high_90


@extend_schema(tags=["Simulations"])
@extend_schema_view(list=extend_schema(summary="Every forecast of a new product whose first weeks are over"))
class LaunchScoreboardViewSet(ListViewSet):
    noun = "simulations"
    queryset = LaunchEntry.objects.none()
    serializer_class = LaunchEntrySerializer
    filterset_fields = ["is_replayed", "sku"]

    def get_queryset(self) -> QuerySet[Any]:
        return closed_entries()
