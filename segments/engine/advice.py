"""What to try when segments are poor, and how the indices disagree about their number: in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from segments.engine.clustering import WORTH_MENTIONING, Clustering, choose
from segments.engine.judging import Suggestions
from segments.engine.plans import Plan

# Under this, groups are hardly tighter than the cloud they are cut from.
POOR_SILHOUETTE = 0.2
MANY_FEATURES = 6


def advice(found: Clustering, plan: Plan, n_features: int) -> tuple[str, ...]:
    """Sentences, the most useful first; none when nothing is wrong."""
    chosen = found.score
    is_chance = found.silhouette - found.null_silhouette <= WORTH_MENTIONING
    is_offered = chosen.is_offered(plan.min_share)
    if not is_chance and is_offered and found.silhouette >= POOR_SILHOUETTE:
        return ()
    return tuple(_advice(plan, n_features, is_chance=is_chance, is_offered=is_offered))


def _advice(plan: Plan, n_features: int, *, is_chance: bool, is_offered: bool) -> Iterator[str]:
    if is_chance:
        yield (
            "There are no clear segments here: customers mixed at random divide as well. That is a finding, too: "
            "a rule or a ranking of customers will serve you better than these groups."
        )
    elif not is_offered:
        yield "No number of segments came out the same with other samples of customers: use these with care."
    else:
        yield "The segments are hardly tighter than the crowd they are cut from: expect customers near the borders."
    if n_features > MANY_FEATURES and plan.keep is None:
        yield f"{n_features} features blur each other: choose fewer, or combine those that go together."
    else:
        yield "Try other features: what customers buy and how often divides them in other ways."
    if not plan.is_damped:
        yield "Damp large values: a few very large customers decide where the borders run."
    if not plan.kind.finds_unassigned:
        yield "Try a method by density (HDBSCAN): it looks for crowds with gaps between them and leaves loners out."


def going_on(found: Clustering, plan: Plan) -> str:
    """Whether the number of segments stayed what it was, and why; empty where there was none, or a person chose."""
    if plan.k_before is None or plan.k is not None or plan.kind.finds_unassigned:
        return ""
    if found.k == plan.k_before:
        clearest = choose(found.scores, plan.min_share)
        kept = f"{found.k} segments as before, since these still come out the same with other customers"
        others = f"; clearness alone would speak for {clearest.k}" if clearest.k != found.k else ""
        return f"{kept}{others}."
    then = next((score for score in found.scores if score.k == plan.k_before), None)
    if then is None:
        return f"{found.k} segments and not {plan.k_before} as before, since {plan.k_before} was not to be tried."
    why = "leave a tiny one" if then.smallest_share < plan.min_share else "be others with other customers"
    return f"{found.k} segments and not {plan.k_before} as before: as customers are now, {plan.k_before} would {why}."


def disagreement(found: Clustering, plan: Plan) -> str:
    """Which number of segments each index speaks for, and that they do not agree; empty where one was tried."""
    if len(found.scores) < 2:
        return ""
    told = Suggestions.of(found.scores, plan.min_share)
    if told.agree:
        return f"All three indices speak for {told.silhouette} segments."
    said = (
        f"The indices disagree: clearness (silhouette) speaks for {told.silhouette}, Davies–Bouldin for "
        f"{told.davies_bouldin}, Calinski–Harabasz for {told.calinski_harabasz} segments."
    )
    if not told.offered:
        return f"{said} None of the numbers tried is stable without a tiny segment."
    return f"{said} Stable and without a tiny segment: {', '.join(map(str, told.offered))}."
