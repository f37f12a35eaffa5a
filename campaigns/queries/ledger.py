"""The forecast ledger: what was forecast, what happened, and which of it may be learnt from."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q, QuerySet

from campaigns.engine.campaign_effect import EffectObservation
from campaigns.models import LedgerEntry

BASELINE = "LastOfType"


def closed_entries() -> QuerySet[LedgerEntry]:
    """Forecasts for the people that a campaign was sent to, beside what happened, the oldest campaign first."""
    return (
        LedgerEntry.objects.filter(outcome__isnull=False, audience=F("campaign__audience"))
        .select_related("campaign", "outcome", "simulation")
        .order_by("campaign__starts_at", "campaign_id", "is_replayed", "-id")
    )


def board_entries(estimator: str | None) -> list[LedgerEntry]:
    """One forecast a campaign, with its outcome: the newest made before it began, else replayed with `estimator`.

    Without one, the newest replayed with any.
    """
    told = closed_entries().exclude(estimator=BASELINE)
    return _one_a_campaign(told.filter(Q(is_replayed=False) | Q(estimator=estimator)) if estimator else told)


def baseline_entries() -> dict[int, LedgerEntry]:
    """Of each campaign, the forecast that it would go as the last of its type did."""
    return {entry.campaign_id: entry for entry in _one_a_campaign(closed_entries().filter(estimator=BASELINE))}


def known_effects(*, estimator: str, code_version: str, as_of: datetime) -> list[EffectObservation]:
    """How far campaigns ended at `as_of` were from their forecasts; those made in time go before replayed ones."""
    same = Q(is_replayed=False) | Q(code_version=code_version)
    ended = closed_entries().filter(same, estimator=estimator, outcome__is_complete=True, campaign__ends_at__lte=as_of)
    return [EffectObservation(entry.outcome.effect, entry.outcome.effect_sd) for entry in _one_a_campaign(ended)]


def _one_a_campaign(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    first: dict[int, LedgerEntry] = {}
    for entry in entries:
        first.setdefault(entry.campaign_id, entry)
    return list(first.values())
