"""The model card of a version: what it is for, what it learnt from, how it was measured, where it ends. From facts."""

from collections.abc import Mapping
from typing import Any

from loyalty.templatetags.formats import day
from recommender.queries.labels import LABELS
from recommender.registry import VersionFacts

Section = dict[str, str]
DESCRIBED = {
    "popularity": "It recommends to everybody what most customers buy.",
    "demographic_prior": "It recommends what customers with the same traits buy.",
    "content_based": "It recommends products with the same properties and words as those a customer bought.",
    "personal_frequency": "It recommends to each customer what they buy most, counting older purchases less.",
    "item_knn": "It recommends what other buyers of the same products bought.",
    "tifu_knn": "It recommends what this customer and the customers most like them buy again and again.",
    "ease": "It recommends what goes with everything a customer has bought, by one weight for each pair of products.",
    "ials": "It places customers and products on one map and recommends what lies near.",
    "autoencoder": "A deep network that restores a customer's purchases from a part of them, and so finds more.",
    "two_tower": "A network that meets who a customer is and what they bought with what a product is.",
    "hybrid": "It gathers candidates from several recommenders and learns in which order to show them.",
}
LIMITS = (
    "It knows purchases, not reasons. It says nothing of what an offer would change: for that, keep some customers out "
    "and compare. A product too few customers have bought is not among its recommendations, and after a change of the "
    "range or of the season it has to be trained again."
)


def label_of(kind: str) -> str:
    """What a marketer would call it."""
    return LABELS.get(kind, kind.replace("_", " ").capitalize())


def recommender_card(facts: VersionFacts, kind: str) -> list[Section]:
    """Sections in the order people read them."""
    return [
        {"title": "What it is for", "text": f"{_described(kind)} Use it to choose which products to show a customer."},
        {"title": "What it learnt from", "text": _data(facts)},
        {"title": "How it was measured", "text": _measured(facts)},
        {"title": "What it would bring", "text": _business(facts.metrics)},
        {"title": "Its limits", "text": LIMITS},
        {"title": "Is it fair?", "text": _fairness(facts.evaluation)},
        {"title": "How to make it again", "text": _again(facts)},
    ]


def _described(kind: str) -> str:
    return DESCRIBED.get(kind, f"A recommender of the kind “{kind}”.")


def _data(facts: VersionFacts) -> str:
    since = f"from {day(facts.data_from)} " if facts.data_from else ""
    return (
        f"Purchases {since}to {day(facts.data_until)}: {facts.params['n_customers']:,} customers and "
        f"{facts.params['n_products']:,} products that at least {facts.params['min_customers']} of them bought. "
        "Purchases without a known customer and returns are left out."
    )


def _measured(facts: VersionFacts) -> str:
    recall = facts.metrics[f"recall_at_{facts.evaluation['k']}"]
    return (
        f"On the four weeks that followed, which had no say in any choice, for {facts.params['n_test_customers']:,} "
        f"customers: {_share(recall)} of what they bought, at most {facts.evaluation['k']} products each, was among "
        f"{facts.evaluation['k']} shown. The interval holds 95 times in 100 for other customers of the same kind and "
        "time; it says nothing of another season."
    )


def _business(metrics: Mapping[str, Any]) -> str:
    bought = metrics["redemptions_at_10"]
    told = (
        f"Of ten products shown, a customer bought {bought['value']:.2f} ({bought['low']:.2f} to {bought['high']:.2f})"
    )
    paid = metrics.get("revenue_at_10")
    if paid is not None:
        told += f", and spent {paid['value']:.2f} ({paid['low']:.2f} to {paid['high']:.2f}) on them"
    return f"{told}. They would have bought most of it anyway: this is what it foresees, not what it causes."


def _fairness(evaluation: Mapping[str, Any]) -> str:
    rows = [(f"“{one['name']}” ({group['name']})", one) for group in evaluation["groups"] for one in group["rows"]]
    if not rows:
        return "No group of customers was large enough to be measured by itself."
    ordered = sorted(rows, key=lambda pair: pair[1]["value"]["value"])
    (worst, low), (best, high) = ordered[0], ordered[-1]
    return (
        f"It serves {best} best, {_share(high['value'])}, and {worst} worst, {_share(low['value'])}. What may be known "
        "of people beside their purchases is in its settings; look at the groups before using it for something that "
        "matters to them."
    )


def _again(facts: VersionFacts) -> str:
    return (
        f"Seed {facts.seed}, data {facts.data_fingerprint[:12]}…: the same data, seed and code give the same version. "
        f"It took {facts.fit_seconds:.0f} seconds to fit."
    )


def _share(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.1%} ({figure['low']:.1%} to {figure['high']:.1%})"
