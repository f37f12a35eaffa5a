from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from campaigns.models import LedgerEntry, LedgerOutcome
from campaigns.queries.ledger import closed_entries
from loyalty.api.viewsets import ListViewSet


class LedgerOutcomeSerializer(serializers.ModelSerializer[LedgerOutcome]):
    class Meta:
        model = LedgerOutcome
        fields = ["n_redeemers", "effect", "effect_sd", "observed_until", "is_complete"]


class LedgerEntrySerializer(serializers.ModelSerializer[LedgerEntry]):
    """A forecast as it was made, and what happened."""

    outcome = LedgerOutcomeSerializer(read_only=True)
    is_inside = serializers.SerializerMethodField(help_text="Whether the 90 % interval held what happened.")

    class Meta:
        model = LedgerEntry
        fields = [
            "id", "campaign", "simulation", "estimator", "is_replayed", "as_of", "made_at", "n_customers", "mid",
            "mean", "low_50", "high_50", "low_80", "high_80", "low_90", "high_90", "low_95", "high_95", "outcome",
            "is_inside",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_inside(self, entry: LedgerEntry) -> bool:
        return entry.low_90 <= entry.outcome.n_redeemers <= entry.high_90


@extend_schema(tags=["Simulations"])
@extend_schema_view(list=extend_schema(summary="Every forecast that can be held against what happened"))
class ScoreboardViewSet(ListViewSet):
    noun = "simulations"
    queryset = LedgerEntry.objects.none()
    serializer_class = LedgerEntrySerializer
    filterset_fields = ["campaign", "is_replayed", "estimator"]

    def get_queryset(self) -> QuerySet[Any]:
        return closed_entries().defer("centres", "sizes", "outcome__taken")
