"""Pilots as the API tells them: how many would be enough, who was drawn, and what came of it."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from campaigns.models import Pilot, Simulation
from campaigns.queries.pilots import open_pilot, pilot_advice, read_pilot
from campaigns.queries.scenarios import base_of
from loyalty.api.serializers import StrictFields


class PilotAskedSerializer(StrictFields):
    n = serializers.IntegerField(min_value=1, max_value=10**6, help_text="How many customers get it first.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class PilotSizeSerializer(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    width_share = serializers.FloatField(help_text="Width of the 90 % interval afterwards, as a share of that before.")


class ReadingSerializer(serializers.Serializer[Any]):
    n_sent = serializers.IntegerField()
    n_took = serializers.IntegerField()
    days = serializers.IntegerField(allow_null=True, help_text="Days it could be taken; null: as long as the campaign.")
    is_over = serializers.BooleanField()
    why_not = serializers.CharField(help_text="Why nothing can be told yet; else empty.")


class DrawnSerializer(serializers.ModelSerializer[Pilot]):
    audience = serializers.IntegerField(source="campaign.audience_id", help_text="The people who were drawn.")

    class Meta:
        model = Pilot
        fields = ["id", "of", "simulation", "campaign", "audience", "rest", "seed", "drawn_at", "called_off_at"]
        read_only_fields = fields


class PilotSerializer(serializers.Serializer[Any]):
    """`halving` is the smallest pilot that halves the interval; `drawn` and `reading` are null before one is drawn."""

    halving = serializers.IntegerField(allow_null=True)
    sizes = PilotSizeSerializer(many=True)
    drawn = DrawnSerializer(allow_null=True)
    reading = ReadingSerializer(allow_null=True)


def told_of_pilot(simulation: Simulation, *, at: datetime) -> dict[str, Any]:
    base, drawn = base_of(simulation), open_pilot(simulation.campaign_id)
    advice = pilot_advice(base) if base else None
    told = {
        "halving": advice.halving.n if advice and advice.halving else None,
        "sizes": advice.sizes if advice else [],
        "drawn": drawn,
        "reading": read_pilot(drawn, at=at) if drawn else None,
    }
    return PilotSerializer(told).data
