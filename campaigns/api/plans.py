"""What a campaign is made of when it comes by the API: the same plan, and the same rules, as in the browser."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from campaigns.models import Audience, Campaign, Offer
from campaigns.services.campaigns import CampaignPlan
from campaigns.services.plans import problems
from loyalty.api.serializers import StrictFields

# Where the rules' own names for a field differ from the API's.
PLACES = {
    "audience": "audience_rule.kind",
    "segment": "audience_rule.segment_id",
    "n_customers": "audience_rule.n",
    "past_campaign": "audience_rule.campaign_id",
}


class AudienceRuleSerializer(StrictFields):
    kind = serializers.ChoiceField(choices=Audience.Kind.choices)
    segment_id = serializers.IntegerField(required=False, help_text="For kind `segment`.")
    n = serializers.IntegerField(
        required=False, min_value=1, help_text="For kind `best`: how many customers; leave out for as many as pay."
    )
    campaign_id = serializers.IntegerField(
        required=False, help_text="For kind `imported`: a past campaign whose recipients are to be reached again."
    )


class CampaignPlanSerializer(StrictFields, serializers.ModelSerializer[Campaign]):
    currency = serializers.CharField(default=settings.DEFAULT_CURRENCY, max_length=3)
    offers: Any = serializers.SlugRelatedField(
        slug_field="external_id",
        many=True,
        queryset=Offer.objects.all(),
        allow_empty=False,
        help_text="External ids of the offers it makes.",
    )
    audience_rule = AudienceRuleSerializer()

    class Meta:
        model = Campaign
        fields = [
            "name",
            "goal",
            "type",
            "channel",
            "starts_at",
            "ends_at",
            "offers",
            "audience_rule",
            "cost_per_contact",
            "margin_share",
            "budget",
            "currency",
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for problem in problems(plan_of(attrs)):
            found.setdefault(PLACES.get(problem.field, problem.field), []).append(problem.sentence)
        if found:
            raise serializers.ValidationError(found)
        return attrs


def plan_of(attrs: dict[str, Any]) -> CampaignPlan:
    chosen = tuple(offer.pk for offer in attrs["offers"])
    return CampaignPlan(**{name: value for name, value in attrs.items() if name != "offers"}, offer_ids=chosen)
