"""Offers that were suggested are accepted, issued or withdrawn by people; time and refusals withdraw them, too."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, OfferAssignment
from campaigns.queries.assignments import refused
from campaigns.queries.clock import shop_time

Status = OfferAssignment.Status
# What may become what, by a person's word.
STEPS = {
    Status.ACCEPTED: (Status.SUGGESTED,),
    Status.ISSUED: (Status.ACCEPTED, Status.AUTOMATIC),
    Status.WITHDRAWN: (Status.SUGGESTED, Status.ACCEPTED, Status.AUTOMATIC),
}
REFUSED = "The customer does not allow this channel any more."
LONGEST_NOTE = 200


class CannotDecide(Exception):
    """None of the offers can go that way; the message says why."""


@transaction.atomic
def decide_offers(*, assignments: QuerySet[OfferAssignment], to: str, by: User, at: datetime, note: str = "") -> int:
    """Move those of the offers that can go to a status, and return how many. Raises CannotDecide."""
    if to not in STEPS:
        raise CannotDecide("Offers can be accepted, issued or withdrawn.")
    if "\0" in note:
        raise CannotDecide("Note: remove the unreadable sign.")
    _hold(set(assignments.values_list("campaign_id", flat=True)))
    ready = assignments.filter(status__in=STEPS[Status(to)], expires_at__gt=shop_time(at))
    if to != Status.WITHDRAWN:
        ready = ready.exclude(refused(at))
    changed = OfferAssignment.objects.filter(pk__in=list(ready.values_list("pk", flat=True))).update(
        status=to, decided_at=at, decided_by=by, note=note.strip()[:LONGEST_NOTE]
    )
    if not changed:
        raise CannotDecide(f"Nothing was changed: {_needed(to)}")
    return changed


def expire_offers(*, at: datetime) -> dict[str, int]:
    """End the offers whose time is over, and withdraw those of customers who said no since."""
    live = OfferAssignment.objects.filter(status__in=OfferAssignment.LIVE)
    over = live.filter(expires_at__lte=shop_time(at)).update(status=Status.EXPIRED)
    gone = OfferAssignment.objects.filter(pk__in=list(live.filter(refused(at)).values_list("pk", flat=True)))
    # Nobody's decision: who allows it again may be given an offer again.
    withdrawn = {"status": Status.WITHDRAWN, "note": REFUSED, "decided_at": at, "decided_by": None}
    return {"n_expired": over, "n_withdrawn": gone.update(**withdrawn)}


def _hold(campaign_ids: Collection[int]) -> None:
    """A round of the same campaign waits until this is decided, and the other way round; by key, so none blocks."""
    held = Campaign.objects.filter(pk__in=campaign_ids).order_by("pk")
    list(held.select_for_update(no_key=True, of=("self",)))


def _needed(to: str) -> str:
    if to == Status.ACCEPTED:
        return "only offers that are suggested, still open and allowed by the customer can be accepted."
    if to == Status.ISSUED:
        return "only offers that were accepted, are still open and allowed by the customer can be issued."
    return "these offers were issued, withdrawn or have ended already."
