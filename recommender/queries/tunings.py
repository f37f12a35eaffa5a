"""Searches for better settings, and whether training goes on by itself."""

from django.db.models import Count

from recommender.models import Retraining, Tuning, TuningTrial

SHOWN = 10
# Recommenders that declare what may be changed; a test holds this list against their declarations.
TUNABLE = {
    "tifu_knn": "What this customer and others like them buy again",
    "item_knn": "What buyers of the same products buy",
    "ease": "What goes with their purchases",
    "ials": "What lies near their purchases",
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
