"""A segment by rule as it comes by the API: the same rule, held to the same checks, as in the browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers

from loyalty.api.serializers import StrictFields
from segments.engine.rules.notation import RuleRefused
from segments.queries.rules.counting import CountStopped, RuleTooCostly
from segments.services.rules import RulePlan, SegmentRefused

EXAMPLE = {
    "name": "Wine lovers who may be written to",
    "description": "",
    "refresh_hours": 24,
    "rule": {
        "version": 1,
        "rule": {
            "every": [
                {
                    "kind": "bought",
                    "about": {"category": ["Wine"]},
                    "when": {"last_days": 90},
                    "counts": {"times": {"at_least": 3}, "spend": {"at_least": 50}},
                },
                {"kind": "consent", "purpose": "marketing", "channel": "email"},
                {"not": {"kind": "feature", "name": "coupon_share_365", "test": {"more_than": 0.5}}},
            ]
        },
    },
}


class RulePlanSerializer(StrictFields):
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    rule: Any = serializers.JSONField(
        help_text="`version` and `rule`: conditions joined by `every`, `some` and `not`. See the example."
    )
    refresh_hours = serializers.IntegerField(
        min_value=1, max_value=744, default=24, help_text="After how many hours everybody is looked at again."
    )


class RuleSerializer(StrictFields):
    rule: Any = serializers.JSONField(help_text="As in a segment.")


class CountSerializer(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="Customers who fit; an estimate unless `is_exact`.")
    low = serializers.IntegerField(help_text="Of an estimate: with 95 % no fewer.")
    high = serializers.IntegerField(help_text="Of an estimate: with 95 % no more.")
    n_customers = serializers.IntegerField()
    n_looked_at = serializers.IntegerField(help_text="How many customers were looked at.")
    is_exact = serializers.BooleanField()
    sentence = serializers.CharField(help_text="The rule in plain words.")


def plan_of(data: dict[str, Any]) -> RulePlan:
    return RulePlan(data["name"], data["rule"], data["description"], data["refresh_hours"])


@contextmanager
def refusals() -> Iterator[None]:
    """Our sentences under the field that they are about."""
    try:
        yield
    except SegmentRefused as refused:
        raise serializers.ValidationError({refused.field: str(refused)}) from refused
    except (RuleRefused, RuleTooCostly, CountStopped) as refused:
        raise serializers.ValidationError({"rule": str(refused)}) from refused
