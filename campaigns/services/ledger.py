"""Write down what was forecast, once and for good, and beside it what happened."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from campaigns import registry
from campaigns.engine.campaign_effect import CampaignEffect, EffectObservation, observed_effect
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.ledger import N_BINS, score_entries
from campaigns.engine.ledger import LedgerEntry as PastForecast
from campaigns.engine.simulation import Forecast, LogitBins, MetricForecast, Plan
from campaigns.models import Campaign, LedgerEntry, LedgerOutcome, Simulation
from campaigns.queries.pilots import Members, members_of
from campaigns.queries.reception import campaign_reception
from campaigns.services.intervals import told_columns

# The same forecast is told in the same numbers however often it is replayed.
SEED = 20170101


@dataclass(frozen=True)
class Told:
    """What one forecast said of how many would take it."""

    bins: LogitBins
    effect: CampaignEffect
    forecast: MetricForecast
    coin_toss: MetricForecast

    def values(self) -> dict[str, Any]:
        """The columns that say it."""
        tossed = self.coin_toss.interval(0.9)
        return {
            "n_customers": int(self.bins.sizes.sum()),
            "centres": self.bins.centres.tolist(),
            "sizes": self.bins.sizes.tolist(),
            "effect_mean": self.effect.mean,
            "effect_sd": self.effect.sd,
            "effect_campaigns": self.effect.n_campaigns,
            **told_columns(self.forecast),
            "naive_low_90": tossed.low,
            "naive_high_90": tossed.high,
        }


def told_of(plan: Plan, forecast: Forecast) -> Told:
    """What a simulation of `plan` says."""
    bins = LogitBins.equally_sized(plan.logits, N_BINS)
    return Told(bins, plan.effect, forecast["redeemers"], forecast.coin_toss_redeemers)


def keep_forecast(simulation: Simulation, told: Told) -> LedgerEntry:
    """Keep what a simulation said of how many would take it."""
    values = {
        **told.values(),
        "campaign_id": simulation.campaign_id,
        "audience_id": simulation.audience_id,
        "estimator": simulation.model_version.algorithm,
        "code_version": simulation.model_version.code_version,
        "is_replayed": simulation.created_at >= simulation.campaign.starts_at,
        "as_of": simulation.as_of,
    }
    fingerprint = _fingerprint({**values, "simulation": simulation.pk})
    return LedgerEntry.objects.create(
        **values, simulation=simulation, made_at=simulation.created_at, fingerprint=fingerprint
    )


def keep_replayed(past: Sequence[PastForecast], *, estimator: str, at: datetime) -> list[LedgerEntry]:
    """Keep forecasts made today with what was known then, and what happened. What is kept already stays as it is."""
    audiences = dict(
        Campaign.objects.filter(pk__in=[entry.campaign.campaign_id for entry in past]).values_list("pk", "audience_id")
    )
    rows = [
        _replayed(entry, told, estimator, audiences[entry.campaign.campaign_id], at)
        for entry, told in zip(past, _told(past), strict=True)
    ]
    LedgerEntry.objects.bulk_create(rows, ignore_conflicts=True)
    kept = LedgerEntry.objects.in_bulk([row.fingerprint for row in rows], field_name="fingerprint")
    outcomes = [_outcome_of(kept[row.fingerprint], entry) for row, entry in zip(rows, past, strict=True)]
    _write_outcomes(outcomes)
    return list(kept.values())


def join_outcome(campaign: Campaign, *, until: datetime) -> None:
    """Put what happened beside every forecast that was made for the people this campaign was sent to."""
    reception = campaign_reception(campaign_id=campaign.pk, until=until)
    n_redeemers = int((reception.redemptions > 0).sum())
    takers = reception.customer_ids[reception.redemptions > 0]
    members = members_of(campaign.audience_id or 0)
    made = LedgerEntry.objects.filter(campaign=campaign, audience=campaign.audience_id, simulation__isnull=False)
    _write_outcomes(
        LedgerOutcome(
            entry=entry,
            n_redeemers=n_redeemers,
            taken=_taken_of(entry, members, takers),
            observed_until=until,
            is_complete=until >= campaign.ends_at,
            **_effect(observed_effect(_logits(entry), min(n_redeemers, entry.n_customers))),
        )
        for entry in made
    )


def _write_outcomes(outcomes: Iterable[LedgerOutcome]) -> None:
    LedgerOutcome.objects.bulk_create(
        outcomes,
        update_conflicts=True,
        unique_fields=["entry"],
        update_fields=["n_redeemers", "taken", "effect", "effect_sd", "observed_until", "is_complete"],
    )


def _told(past: Sequence[PastForecast]) -> list[Told]:
    scores = score_entries(past, np.random.default_rng(SEED))
    return [
        Told(LogitBins.equally_sized(entry.logits, N_BINS), entry.effect, score.forecast, score.coin_toss)
        for entry, score in zip(past, scores, strict=True)
    ]


def _replayed(entry: PastForecast, told: Told, estimator: str, audience_id: int, at: datetime) -> LedgerEntry:
    values = {
        **told.values(),
        "campaign_id": entry.campaign.campaign_id,
        "audience_id": audience_id,
        "estimator": estimator,
        "code_version": registry.CODE_VERSION,
        "is_replayed": True,
        "as_of": entry.campaign.decided_at,
    }
    return LedgerEntry(**values, made_at=at, fingerprint=_fingerprint(values))


def _outcome_of(kept: LedgerEntry, entry: PastForecast) -> LedgerOutcome:
    return LedgerOutcome(
        entry=kept,
        n_redeemers=entry.n_redeemers,
        taken=_taken(entry, np.array(kept.sizes)),
        observed_until=entry.campaign.ends_at,
        is_complete=entry.campaign.window_seen == 1,
        **_effect(entry.residual),
    )


def _taken(entry: PastForecast, sizes: Any) -> list[int]:
    """How many took it in each group, the groups cut as `LogitBins` cuts them: best first."""
    best_first = entry.responded[np.argsort(-entry.logits, kind="stable")].astype(np.int64)
    return _by_group(best_first, np.array(sizes))


def _by_group(took: IntArray, sizes: IntArray) -> list[int]:
    """Takers of each group, of people best first."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    counts: list[int] = np.add.reduceat(took, starts).tolist()
    return counts


def _taken_of(entry: LedgerEntry, members: Members, takers: IntArray) -> list[int]:
    """How many took it in each group of a forecast made in time; nothing where nobody was scored, or some are gone."""
    if members.n != entry.n_customers or not members.has_scores:
        return []
    took = np.isin(members.customer_ids, takers)[np.argsort(-members.scores, kind="stable")].astype(np.int64)
    return _by_group(took, np.array(entry.sizes))


def _logits(entry: LedgerEntry) -> FloatArray:
    return np.repeat(np.array(entry.centres), np.array(entry.sizes))


def _effect(observation: EffectObservation) -> dict[str, float]:
    return {"effect": observation.effect, "effect_sd": observation.sd}


def _fingerprint(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
