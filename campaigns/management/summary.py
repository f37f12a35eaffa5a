"""The last lines of the demo: what is there, what was learned, what was forecast, what happened."""

from collections.abc import Iterator

from django.urls import reverse

from campaigns.models import Campaign
from campaigns.queries.demo import (
    Count,
    Rehearsed,
    compared_recommenders,
    current_segmentation,
    first_simulation,
    published_counts,
    rehearsed,
)
from recommender.models import ModelVersion

LISTS = (
    "home",
    "customers",
    "silent-customers",
    "segments",
    "products",
    "losing-products",
    "offers",
    "campaigns",
    "simulations",
    "experiments",
    "models",
)
TOLD_METRICS = ("redeemers", "redemptions", "profit")


def summary_lines(campaign_id: str) -> Iterator[str]:
    yield "\nRows loaded                 published       here"
    yield from map(_count_line, published_counts())
    segmentation = current_segmentation()
    if segmentation is not None:
        yield f"\nSegments: k = {segmentation.k}, silhouette {segmentation.silhouette:.3f}. {segmentation.verdict}"
    yield "\nOf what a customer bought in the last four weeks, found among ten recommendations (recall@10):"
    yield from map(_recommender_line, compared_recommenders())
    campaign = Campaign.objects.get(external_id=campaign_id)
    yield f"\n{campaign.name}, as it looked the day before it began:"
    for metric in TOLD_METRICS:
        yield from map(_forecast_line, rehearsed(campaign, metric))


def main_pages(campaign_id: str) -> list[str]:
    """Addresses of the pages a visitor looks at first."""
    campaign = Campaign.objects.get(external_id=campaign_id)
    simulation = first_simulation(campaign)
    pages = [reverse(name) for name in (*LISTS, "data", "jobs", "settings")]
    return [*pages, campaign.get_absolute_url(), *([simulation.get_absolute_url()] if simulation else [])]


def _count_line(count: Count) -> str:
    note = f"   {count.difference}" if count.published != count.loaded else ""
    return f"  {count.name:<20} {count.published:>15,} {count.loaded:>13,}{note}"


def _recommender_line(version: ModelVersion) -> str:
    recall = version.metrics["recall_at_10"]
    interval = f"[{recall['low']:.4f}, {recall['high']:.4f}]"
    used = "  in use" if version.alias == ModelVersion.Alias.CHAMPION else ""
    return f"  {version.algorithm:<20} {recall['value']:.4f} {interval}{used}"


def _forecast_line(row: Rehearsed) -> str:
    forecast, name = row.forecast, row.forecast.get_metric_display()
    interval = f"{forecast.mid:>8,.0f}   9 times in 10 between {forecast.low_90:,.0f} and {forecast.high_90:,.0f}"
    happened = f"   really {row.outcome.value:,.0f}" if row.outcome else ""
    return f"  {name:<24} {row.simulation.audience.name[:44]:<44} {interval}{happened}"
