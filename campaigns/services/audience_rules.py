"""What may be asked of an audience besides its kind: who is left out, how often, whom it should be like, how equal."""

from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.models import Audience, Campaign
from campaigns.queries.reach import TRAITS
from campaigns.queries.trials import ranking_models
from segments.models import Segment

MOST_CONTACTS, MOST_DAYS = 100, 365
SHORTEST_REASON, LONGEST_REASON = 10, 300
MOST_SEEDS = 100_000
SEEDS = ("seed_customers", "seed_segment_id", "seed_campaign_id", "seed_audience_id")
# The field and what to do about it.
Problem = tuple[str, str]


def limit_problems(rule: Mapping[str, Any]) -> Iterator[Problem]:
    """Whatever is wrong with who is left out and how equal it should be."""
    yield from _segment_problems(rule.get("leave_out_segments", []))
    yield from _contact_problems(rule)
    if rule.get("equal_by") and rule["equal_by"] not in TRAITS:
        yield "equal_by", f"Shares can be equal by {', '.join(TRAITS)}. Choose one of them, or none."
    elif rule.get("equal_by") and rule.get("kind") != Audience.Kind.BEST:
        yield "equal_by", "Shares can be equal only where the best customers are found. Choose them, or leave this out."
    if rule.get("uplift_model"):
        yield from _ranking_problems(rule)


def seed_problems(rule: Mapping[str, Any]) -> Iterator[Problem]:
    """Whatever is wrong with the list that others should be like."""
    given = [name for name in SEEDS if rule.get(name)]
    if len(given) != 1:
        yield "seed_customers", "Say whom they should be like: a segment, a past campaign, or a list of numbers."
    elif len(rule.get("seed_customers") or ()) > MOST_SEEDS:
        yield "seed_customers", f"Name at most {MOST_SEEDS:,} customers, or make a segment of them."
    elif rule.get("seed_segment_id") and not Segment.objects.filter(pk=_key(rule["seed_segment_id"])).exists():
        yield "seed_segment", "Choose one of your segments."
    elif rule.get("seed_campaign_id") and not _has_recipients(rule["seed_campaign_id"]):
        yield "seed_campaign", "Choose a past campaign whose recipients are known."
    elif rule.get("seed_audience_id") and not Audience.objects.filter(pk=_key(rule["seed_audience_id"])).exists():
        yield "seed_audience", "Choose one of your audiences."
    reason = str(rule.get("traits_reason") or "").strip()
    if reason and not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        yield (
            "traits_reason",
            f"Say in {SHORTEST_REASON} to {LONGEST_REASON} characters why age, gender, income and place are needed, or "
            "leave it empty: then they are not used.",
        )


def _ranking_problems(rule: Mapping[str, Any]) -> Iterator[Problem]:
    """Whatever is wrong with ranking by what a message changes: only where the gate of a trial lets it."""
    if rule.get("kind") != Audience.Kind.BEST:
        yield "uplift_model", "Only the best customers are ranked by what a message changes. Choose them, or response."
    elif rule.get("equal_by"):
        yield "uplift_model", "Equal shares are worked out from response. Rank by response, or leave the shares out."
    elif not ranking_models().filter(pk=_key(rule["uplift_model"])).exists():
        yield (
            "uplift_model",
            "No trial of your own customers shows that choosing people by this pays. Rank them by response, or choose "
            "a message whose trial does.",
        )


def _segment_problems(segment_ids: Any) -> Iterator[Problem]:
    keys = {_key(one) for one in segment_ids}
    if Segment.objects.filter(pk__in=keys).count() < len(keys):
        yield "leave_out_segments", "One of the segments no longer exists. Choose again whom to leave out."


def _contact_problems(rule: Mapping[str, Any]) -> Iterator[Problem]:
    most, days = rule.get("contacts_at_most"), rule.get("contact_days")
    if most is not None and not 1 <= most <= MOST_CONTACTS:
        yield "contacts_at_most", f"Write how many campaigns a customer may get, from 1 to {MOST_CONTACTS}."
    if days is not None and not 1 <= days <= MOST_DAYS:
        yield "contact_days", f"Write over how many days campaigns are counted, from 1 to {MOST_DAYS}."


def _has_recipients(campaign_id: Any) -> bool:
    return Campaign.objects.filter(pk=_key(campaign_id), audience__members__isnull=False).exists()


def _key(value: Any) -> int:
    # What comes in by the API may be anything; no row has the key 0.
    return value if isinstance(value, int) else 0
