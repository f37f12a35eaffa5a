"""The whole way: read events a slice of customers at a time, rate, stage, exchange."""

from datetime import datetime
from typing import Any

from loyalty.engine.ratings import RatingRule
from loyalty.models import RatingSetting
from loyalty.queries.signals import slices
from loyalty.queries.silence import newest_report
from loyalty.services.progress import Progress
from loyalty.services.ratings.rows import ratings_of
from loyalty.services.ratings.writing import exchange, settle_ratings, stage, staging


def derive_ratings(*, as_of: datetime, at: datetime, report: Progress) -> dict[str, Any]:
    """Rate from everything before `as_of`, by the stored setting. The same events give the same rows.

    Silences come from the newest report, unless that has read further than `as_of`.
    """
    setting = RatingSetting.objects.get_or_create(pk=1)[0]
    rule = RatingRule(half_life_days=setting.half_life_days, damping=setting.damping)
    told = newest_report()
    report_id = told.pk if told and told.as_of <= as_of else None
    parts = slices(as_of)
    with staging() as cursor:
        for number, part in enumerate(parts):
            report(number, len(parts) + 1, "Reading what customers did")
            for rows in ratings_of(part, rule=rule, report_id=report_id):
                stage(cursor, rows)
        report(len(parts), len(parts) + 1, "Writing what they think")
        with report.writing():
            n_changed, counts = exchange(cursor, rule.definition)
            RatingSetting.objects.filter(pk=1).update(
                derived_definition=rule.definition,
                derived_as_of=as_of,
                derived_at=at,
                counts=counts,
                job_id=report.job_id,
            )
    settle_ratings()
    return {"n_ratings": sum(counts.values()), "n_changed": n_changed, "by_signal": counts}


def set_half_life(days: float | None) -> None:
    """Store after how many days a sign counts half (None: age does not matter), for the next derivation."""
    RatingSetting.objects.update_or_create(pk=1, defaults={"half_life_days": days})
