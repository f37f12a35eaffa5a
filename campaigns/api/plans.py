"""What a campaign is made of when it comes by the API: the same plan, and the same rules, as in the browser."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from campaigns.models import Audience, Campaign, Offer
from campaigns.queries.reach import TRAITS
from campaigns.services.campaigns import CampaignPlan
from campaigns.services.plans import problems
from loyalty.api.serializers import StrictFields

LARGEST_KEY = 2**63 - 1
# Where the rules' own names for a field differ from the API's.
PLACES = {
    "audience": "audience_rule.kind",
    "segment": "audience_rule.segment_id",
    "n_customers": "audience_rule.n",
    "past_campaign": "audience_rule.campaign_id",
    "seed_segment": "audience_rule.seed_segment_id",
    "seed_campaign": "audience_rule.seed_campaign_id",
    "seed_audience": "audience_rule.seed_audience_id",
    **{
        name: f"audience_rule.{name}"
        for name in (
            "seed_customers", "traits_reason", "leave_out_segments", "contacts_at_most", "contact_days", "equal_by",
            "uplift_model",
        )
    },
}  # fmt: skip


class AudienceRuleSerializer(StrictFields):
    # The people of a pilot are drawn, not asked for.
    kind = serializers.ChoiceField(choices=[one for one in Audience.Kind.choices if one[0] != Audience.Kind.PILOT])
    segment_id = serializers.IntegerField(required=False, help_text="For kind `segment`.")
    n = serializers.IntegerField(
        required=False, min_value=1,
        help_text="For kinds `best` and `lookalike`: how many; leave out for as many as pay, or as are on the list.",
    )  # fmt: skip
    uplift_model = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_KEY,
        help_text="For kind `best`: rank by what a message changes and not by response. One of a trial's "
        "`uplift_models` whose gate is open.",
    )  # fmt: skip
    campaign_id = serializers.IntegerField(
        required=False, help_text="For kind `imported`: a past campaign whose recipients are to be reached again."
    )
    seed_customers = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False,
        help_text="For kind `lookalike`, or one of the three below: external ids of customers others should be like.",
    )  # fmt: skip
    seed_segment_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY)
    seed_campaign_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY)
    seed_audience_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY)
    traits_reason = serializers.CharField(
        required=False, max_length=300,
        help_text="Why age, gender, income and place may be used to find look-alikes; without it they are not.",
    )  # fmt: skip
    leave_out_running = serializers.BooleanField(
        required=False, help_text="Leave out who gets another campaign on these days."
    )
    leave_out_segments = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_KEY), required=False
    )
    contacts_at_most = serializers.IntegerField(
        required=False, min_value=1, max_value=100, help_text="Other campaigns a customer may get in the days below."
    )
    contact_days = serializers.IntegerField(required=False, min_value=1, max_value=365)
    equal_by = serializers.ChoiceField(
        choices=list(TRAITS.items()),
        required=False,
        help_text="For kind `best`: the same share of every kind of customer.",
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
