"""Somebody says whether a finding is right. The finding is made anew each time; what was said about it stays."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import DataFlag, FlagDecision


class NothingToDecide(Exception):
    """The finding is one that nobody decides about, or the verdict is none."""


@transaction.atomic
def decide(*, flag: DataFlag, verdict: str, by: User, at: datetime) -> FlagDecision:
    """Write down whether a finding is right; a later word replaces an earlier one."""
    if flag.check_name not in DataFlag.DECIDED_BY_PEOPLE:
        raise NothingToDecide("This finding is only shown; correct it where the record comes from.")
    if verdict not in FlagDecision.Verdict.values:
        raise NothingToDecide("Say whether it is right or not.")
    decision, _ = FlagDecision.objects.update_or_create(
        check_name=flag.check_name,
        table=flag.table,
        record_id=flag.record_id,
        defaults={"verdict": verdict, "decided_by": by, "decided_at": at},
    )
    return decision
