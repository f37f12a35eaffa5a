"""What came of a job, in words: its summary is a small JSON written by the task that did it.

The upper apps are named as strings: loyalty does not know them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from loyalty.models import Job

Summary = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """One sentence, and where to look at it; `url` is empty when there is nothing to look at."""

    sentence: str
    url: str = ""
    label: str = ""


def job_results(parts: list[Job]) -> list[Result]:
    """What each part that is done has brought, in order; of those beside each other only the newest is told."""
    done = [part for part in parts if part.state == Job.State.DONE and part.task]
    in_turn = sorted((part for part in done if part.is_beside), key=lambda part: (str(part.finished_at), part.pk))
    newest = {part.task: part.pk for part in in_turn}
    return [_result(part) for part in done if newest.get(part.task, part.pk) == part.pk]


def _result(job: Job) -> Result:
    told = TOLD.get(job.task)
    if told is not None and _has(job.summary, told.needs):
        url = reverse(told.page, args=[job.summary[name] for name in told.named_by])
        return Result(told.sentence(job.summary), job.summary.get("url") or url, told.label)
    return Result(f"{job.label}: done.", job.summary.get("url", ""), "Look at the result")


def _has(summary: Summary, names: tuple[str, ...]) -> bool:
    return all(summary.get(name) is not None for name in names)


def _imported(summary: Summary) -> str:
    taken = summary["created"] + summary["updated"] + summary["unchanged"]
    sentence = f"{_rows(taken)} taken in: {summary['created']:,} new, {summary['updated']:,} changed"
    refused = summary["rejected"]
    return f"{sentence}. {_rows(refused)} refused, each with its reason." if refused else f"{sentence}. None refused."


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"


def _visited(summary: Summary) -> str:
    taken = summary["taken"]
    return f"{taken:,} new file{'' if taken == 1 else 's'} taken in." if taken else "No new file was there."


def _inspected(summary: Summary) -> str:
    return (
        f"{summary['n_flags']:,} records look odd, {summary['n_values']:,} missing values were filled in beside them."
    )


def _fell_silent(summary: Summary) -> str:
    flagged, silent = summary["n_flagged"], summary["n_silent"]
    products = f"{flagged} product{'' if flagged == 1 else 's'}"
    return f"{silent:,} regular customers are silent; {products} stand{'s' if flagged == 1 else ''} out."


def _rated(summary: Summary) -> str:
    return f"{summary['n_ratings']:,} opinions read from what customers did."


def _segmented(summary: Summary) -> str:
    return f"{summary['k']} segments found."


def _drifted(summary: Summary) -> str:
    if summary["has_drifted"]:
        return "Customers have drifted since the segments were found. Others are there to be looked at."
    return "Customers are spread as they were when the segments were found: they stay."


def _kept(summary: Summary) -> str:
    return f"{summary['k']} segments saved, ready to be used in campaigns."


def _assigned(summary: Summary) -> str:
    return "Everybody is where they belong."


def _surveyed(summary: Summary) -> str:
    return f"{summary['n_features']:,} features looked at; {summary['n_telling']:,} tell what customers do next."


def _related(summary: Summary) -> str:
    return f"{summary['n_relations']:,} relations between products learnt."


def _trained(summary: Summary) -> str:
    return f"{summary['n_recommendations']:,} recommendations made, a reason with each."


def _searched(summary: Summary) -> str:
    return f"{summary['n_tries']:,} settings tried; the best are trained as a challenger."


def _explained(summary: Summary) -> str:
    return f"{summary['n_rules']:,} rules say nearly the same in words."


def _retrained(summary: Summary) -> str:
    return str(summary["told"])


def _simulated(summary: Summary) -> str:
    return f"Expected to take it: {_interval(summary['redeemers'])} customers."


def _scored(summary: Summary) -> str:
    so_far = summary["so_far"]
    if so_far["n"] == so_far["of"]:
        return f"All {so_far['n']:,} customers are scored."
    return f"{so_far['n']:,} of {so_far['of']:,} customers scored so far: {_interval(so_far)} of them would take it."


def _tried(summary: Summary) -> str:
    return f"Expected to buy it: {_interval(summary['buyers'])} customers."


def _rehearsed(summary: Summary) -> str:
    sent, picked = _interval(summary["sent"]), _interval(summary["picked"])
    return f"Expected to take it: {sent} of those it was sent to, {picked} of those Rehearsal would pick."


def _counted(summary: Summary) -> str:
    return f"{summary['redeemers']:,.0f} customers took it."


def _gave_out(summary: Summary) -> str:
    return f"{summary['n_assigned']:,} of {summary['n_customers']:,} customers have a next best offer."


def _interval(forecast: dict[str, float]) -> str:
    return f"{forecast['mid']:,.0f} ({forecast['low_90']:,.0f}–{forecast['high_90']:,.0f})"


@dataclass(frozen=True)
class Told:
    """How the summary of one task is told, what it must hold for that, and the page that shows more."""

    sentence: Callable[[Summary], str]
    needs: tuple[str, ...]
    page: str
    label: str
    named_by: tuple[str, ...] = ()


TOLD = {
    "loyalty.ingest": Told(
        _imported,
        ("run_id", "created", "updated", "unchanged", "rejected"),
        "ingest-run",
        "See the import",
        ("run_id",),
    ),
    "loyalty.visit_source": Told(_visited, ("source_id", "taken"), "source", "See the source", ("source_id",)),
    "loyalty.inspect_data": Told(_inspected, ("n_flags", "n_values"), "cleaning", "See what was found"),
    "loyalty.look_for_silence": Told(
        _fell_silent, ("n_flagged", "n_silent"), "losing-products", "See products losing customers"
    ),
    "loyalty.derive_ratings": Told(_rated, ("n_ratings",), "products", "See the products"),
    "loyalty.survey_features": Told(_surveyed, ("n_features", "n_telling"), "features", "See the features"),
    "segments.explore_customers": Told(
        _segmented, ("k", "segmentation_id"), "segmentation", "Look at them", ("segmentation_id",)
    ),
    "segments.save_segmentation": Told(
        _kept, ("k", "segmentation_id"), "segmentation", "See the segments", ("segmentation_id",)
    ),
    "segments.finish_assigning": Told(
        _assigned, ("segmentation_id",), "segmentation", "See the segments", ("segmentation_id",)
    ),
    "segments.look_when_drifted": Told(_drifted, ("has_drifted",), "segments-explore", "See the looks"),
    "segments.segment_customers": Told(_segmented, ("k",), "segments", "See the segments"),
    "recommender.learn_product_relations": Told(_related, ("n_relations",), "models", "See what was learnt"),
    "recommender.train_recommenders": Told(_trained, ("n_recommendations",), "models", "See how good they are"),
    "recommender.tune_recommender": Told(
        _searched, ("model_version_id", "n_tries"), "model-version", "See what came of it", ("model_version_id",)
    ),
    "recommender.explain_version": Told(
        _explained, ("model_version_id", "n_rules"), "model-version", "See the rules", ("model_version_id",)
    ),
    "recommender.retrain": Told(
        _retrained, ("model_version_id", "told"), "model-version", "See how good it is", ("model_version_id",)
    ),
    "recommender.score_customers": Told(_trained, ("n_recommendations",), "models", "See how good they are"),
    "recommender.finish_scoring": Told(_trained, ("n_recommendations",), "models", "See how good they are"),
    "campaigns.learn_reception": Told(_retrained, ("told",), "simulations", "See how forecasts held"),
    "campaigns.simulate_campaign": Told(
        _simulated, ("simulation_id", "redeemers"), "simulation", "See the forecast", ("simulation_id",)
    ),
    "campaigns.score_part": Told(_scored, ("campaign_id", "so_far"), "campaign", "See the campaign", ("campaign_id",)),
    "campaigns.simulate_new_product": Told(
        _tried,
        ("new_product_simulation_id", "buyers"),
        "new-product-simulation",
        "See the forecast",
        ("new_product_simulation_id",),
    ),
    "campaigns.rehearse_campaign": Told(
        _rehearsed, ("simulation_id", "sent", "picked"), "simulation", "See the forecast", ("simulation_id",)
    ),
    "campaigns.assign_offers": Told(
        _gave_out, ("campaign_id", "n_customers", "n_assigned"), "campaign", "See the offers", ("campaign_id",)
    ),
    "campaigns.record_outcomes": Told(_counted, ("redeemers",), "simulations", "See how forecasts held"),
}
