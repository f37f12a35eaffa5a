"""Searches for better settings, and whether training goes on by itself."""

from django.db.models import Count

from recommender.models import Retraining, Tuning, TuningTrial
from recommender.queries.labels import LABELS

SHOWN = 10
# Recommenders that declare what may be changed; a test holds this list against their declarations. What most customers
# buy is left out: it is what all others are held against.
TUNABLE = {
    kind: LABELS[kind]
    for kind in (
        "tifu_knn",
        "autoencoder",
        "hybrid",
        "personal_frequency",
        "item_knn",
        "ease",
        "ials",
        "two_tower",
        "content_based",
        "demographic_prior",
    )
}


def tunable_choices() -> list[tuple[str, str]]:
    """Kinds and their labels. Asking the recommenders themselves would load learning libraries into a web process."""
    return list(TUNABLE.items())


def newest_tunings() -> list[Tuning]:
    """The newest searches with the number of their tries; one query."""
    return list(Tuning.objects.select_related("version", "job").annotate(n_trials=Count("trials"))[:SHOWN])


def trials_of(version_id: int) -> list[TuningTrial]:
    """The best tries of the search that a version came out of, and the defaults; one query."""
    found = TuningTrial.objects.filter(tuning__version=version_id).order_by("-value", "number")
    return list(found[:SHOWN])


def retraining_setting() -> Retraining:
    return Retraining.objects.select_related("last_job").filter(pk=1).first() or Retraining()
