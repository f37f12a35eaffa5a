"""Audiences: the list, one of them, and whether the same people come out when it is built again."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import Audience, AudienceMember
from campaigns.queries import audience_pages as queries
from campaigns.queries.uplift import uplift_verdict
from campaigns.services.rebuilding import CannotRebuild, start_rebuild
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page
from loyalty.tasks import wake

MEMBER_COLUMNS = [
    "Place", "Customer", "Chance", "At least (90%)", "At most (90%)", "Expected profit", "Reason", "Changed by it",
    "At least (95%)", "At most (95%)",
]  # fmt: skip
LIST_COLUMNS = ["Audience", "Campaign", "Customers", "As of", "Advice"]
MEMBERS_SHOWN = 25


@require_GET
def audiences(request: HttpRequest) -> HttpResponseBase:
    text = request.GET.get("q", "").strip()
    found = queries.audience_list(text=text)
    if request.GET.get("format") == "csv":
        return csv_response("audiences", LIST_COLUMNS, (_row(one) for one in found.order_by("-pk").iterator()))
    page = keyset_page(found, order="-pk", cursor=request.GET.get("page", ""))
    return render(request, "campaigns/audiences.html", {"page": page, "is_filtered": bool(text)})


def _row(audience: Audience) -> list[object]:
    n_members: int = audience.n_members  # type: ignore[attr-defined]
    return [audience.name, str(audience.made_for), n_members, audience.as_of, audience.advice]


@require_GET
def audience(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = _found(pk)
    people = queries.audience_people(found)
    if request.GET.get("format") == "csv":
        lines = (_member_row(member) for member in people.order_by("place").iterator(chunk_size=2000))
        return csv_response(f"audience-{pk}", MEMBER_COLUMNS, lines)
    context = {
        "audience": found,
        "part": queries.audience_page_parts(found),
        "members": keyset_page(people, order="place", cursor=request.GET.get("page", ""), size=MEMBERS_SHOWN),
        "rebuild": queries.newest_rebuild(found),
        "verdict": uplift_verdict(found),
    }
    return render(request, "campaigns/audience.html", context)


def _found(pk: int) -> Audience:
    found = queries.audience_page(pk)
    if found is None:
        raise Http404("There is no such audience.")
    return found


def _member_row(member: AudienceMember) -> list[object]:
    chance = [member.score, member.score_low, member.score_high]
    changed = [member.expected_effect, member.effect_low, member.effect_high]
    return [member.position, member.customer.external_id, *chance, member.expected_profit, member.reason, *changed]


@require_POST
@permission_required("campaigns.add_audience", raise_exception=True)
def audience_rebuild(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    try:
        _start(found, request)
    except CannotRebuild as problem:
        messages.error(request, str(problem))
    return redirect(f"{found.get_absolute_url()}#rebuilt")


@transaction.atomic
def _start(found: Audience, request: HttpRequest) -> None:
    job = start_rebuild(audience=found, by=cast("User", request.user), at=timezone.now())
    transaction.on_commit(lambda: wake(job))
