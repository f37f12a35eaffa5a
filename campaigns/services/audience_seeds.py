"""People like those on a list: who is on it, what they are compared by, and who else is like them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from campaigns.engine.audience.lookalikes import LookAlikes, find_alike
from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.models import Audience, Campaign
from campaigns.queries import reach
from campaigns.queries.candidates import audience_member_ids, segment_member_ids
from campaigns.services.scoring import Scored
from loyalty.engine.features import Feature, FeatureFrame
from loyalty.queries.features import customer_features, feature_list
from segments.models import Segment

# What somebody did lately and ever; shorter spans say little that these do not.
WINDOWS = (90, 365, None)
MOST_WORDS = 20


@dataclass(frozen=True)
class Alike:
    """A ranking of everybody by likeness, and what a page says of it."""

    ranking: LookAlikes
    is_seed: BoolArray
    seeds: str
    n_unknown: int

    def as_json(self) -> dict[str, Any]:
        return {
            "seeds": self.seeds,
            "n_seeds": self.ranking.n_seeds,
            "n_unknown": self.n_unknown,
            "is_learnt": self.ranking.is_learnt,
            "learnt": asdict(self.ranking.learnt),
            "plain": asdict(self.ranking.plain),
        }


def look_alikes(scored: Scored, rule: Mapping[str, Any], seed: int) -> Alike:
    """Rank everybody by likeness to the list of the rule. Raises TooFewSeeds, NothingInCommon."""
    listed, told = _seeds(rule)
    ids = scored.customers.customer_ids
    is_seed: BoolArray = np.isin(ids, listed.customer_ids)
    values = _values(scored, ids, with_traits=bool(rule.get("traits_reason")))
    ranking = find_alike(values, is_seed, np.random.default_rng(seed))
    return Alike(ranking, is_seed, told, listed.n_unknown)


def _seeds(rule: Mapping[str, Any]) -> tuple[reach.Listed, str]:
    if rule.get("seed_segment_id"):
        segment = Segment.objects.get(pk=rule["seed_segment_id"])
        return reach.Listed(segment_member_ids(segment.pk), 0), f"the segment “{segment}”"
    if rule.get("seed_campaign_id"):
        campaign = Campaign.objects.get(pk=rule["seed_campaign_id"])
        return reach.Listed(audience_member_ids(campaign.audience_id or 0), 0), f"those who got “{campaign}”"
    if rule.get("seed_audience_id"):
        audience = Audience.objects.get(pk=rule["seed_audience_id"])
        return reach.Listed(audience_member_ids(audience.pk), 0), f"“{audience}”"
    return reach.customers_named(rule.get("seed_customers", [])), "your list"


def likeness_features(features: tuple[Feature, ...], *, with_traits: bool) -> list[Feature]:
    """What people are compared by: what they did. Traits of the person only where somebody said why."""
    behaviour = [one for one in features if one.kind != "category" and one.window_days in WINDOWS]
    kept = [one for one in behaviour if not one.is_protected]
    traits = [one for one in features if one.is_protected and one.kind == "category"] if with_traits else []
    return [*kept, *traits]


def _values(scored: Scored, ids: IntArray, *, with_traits: bool) -> FloatArray:
    chosen = likeness_features(feature_list(as_of=scored.as_of), with_traits=with_traits)
    frame = customer_features(as_of=scored.as_of, names=[one.name for one in chosen])
    rows = np.searchsorted(frame.customer_ids, ids)
    columns = [column[rows] for one in frame.features for column in _columns(frame, one)]
    return np.column_stack(columns)


def _columns(frame: FeatureFrame, feature: Feature) -> list[FloatArray]:
    """A number as it is; of words one column for each of the commonest."""
    if feature.kind != "category":
        return [frame.numbers(feature.name)]
    words = np.asarray(frame.words(feature.name), dtype=np.str_)
    values, counts = np.unique(words, return_counts=True)
    return [(words == value).astype(np.float64) for value in values[np.argsort(-counts, kind="stable")[:MOST_WORDS]]]
