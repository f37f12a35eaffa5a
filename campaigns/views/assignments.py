"""Next best offers: the list of all, what becomes of them, and why a customer got this one and not another."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from campaigns.charts.funnel import funnel_chart
from campaigns.forms import OfferPolicyForm
from campaigns.models import OfferAssignment, OfferPolicy
from campaigns.queries import assignments as queries
from campaigns.queries.campaigns import campaign_page
from campaigns.queries.customers import customer_page
from campaigns.queries.eligibility import policy_of
from campaigns.services.offer_decisions import CannotDecide, decide_offers
from campaigns.services.offer_rounds import CannotAssign, start_assigning
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page
from loyalty.tasks import wake

EXPORT_COLUMNS = [
    "Customer", "Offer id", "Offer", "Campaign", "Chance", "Chance, low (90%)", "Chance, high (90%)",
    "Chance by the average of the type", "Expected value", "Currency", "Little history", "Reason", "Status", "Expires",
]  # fmt: skip
DONE = {"accepted": "Accepted", "issued": "Marked as issued", "withdrawn": "Withdrawn"}
LONGEST_KEY = 10


@require_GET
def offer_assignments(request: HttpRequest) -> HttpResponseBase:
    found, campaign_id = _found(request.GET), _key(request.GET.get("campaign", ""))
    if request.GET.get("format") == "csv":
        return csv_response("next-best-offers", EXPORT_COLUMNS, queries.assignment_cells(found))
    now = timezone.now()
    order = queries.SORTS.get(request.GET.get("sort", ""), queries.SORTS["value"])
    funnel = queries.offer_funnel(queries.assignment_list(campaign_id=campaign_id))
    context = {
        "page": keyset_page(queries.with_names(found), order=order, cursor=request.GET.get("page", "")),
        "n_found": found.count(),
        "n_open": queries.decidable(found, at=now).count(),
        "funnel": funnel,
        "chart": funnel_chart(
            funnel.steps, n_withdrawn=funnel.withdrawn, n_expired=funnel.expired, as_of=queries.newest_round_at()
        ),
        "total": queries.total_value(campaign_id=campaign_id),
        "campaigns": queries.campaigns_with_offers(),
        "campaign_id": campaign_id,
        "statuses": OfferAssignment.Status.choices,
        "is_filtered": any(request.GET.get(name) for name in ("q", "campaign", "status")),
    }
    return render(request, "campaigns/offer_assignments.html", context)


def _found(asked: QueryDict) -> QuerySet[OfferAssignment]:
    return queries.assignment_list(
        campaign_id=_key(asked.get("campaign", "")), status=asked.get("status", ""), text=asked.get("q", "").strip()
    )


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_KEY else None


@require_POST
@permission_required("campaigns.change_offerassignment", raise_exception=True)
def offer_assignments_decide(request: HttpRequest) -> HttpResponse:
    """What becomes of the ticked offers, or of all that the filter finds."""
    keys = [key for key in map(_key, request.POST.getlist("ids")) if key]
    chosen = _found(request.POST) if request.POST.get("all") else OfferAssignment.objects.filter(pk__in=keys)
    to = request.POST.get("to", "")
    try:
        n = decide_offers(
            assignments=chosen,
            to=to,
            by=cast("User", request.user),
            at=timezone.now(),
            note=request.POST.get("note", ""),
        )
    except CannotDecide as problem:
        messages.error(request, str(problem) if keys or request.POST.get("all") else "Tick at least one offer first.")
    else:
        messages.success(request, f"{DONE[to]}: {n:,} offer{'' if n == 1 else 's'}.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    wish = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wish, {request.get_host()}, require_https=request.is_secure())
    return wish if is_ours else "offer-assignments"


@require_POST
@permission_required("campaigns.add_offerround", raise_exception=True)
def campaign_offers_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep how the campaign gives out offers, and have a worker do it."""
    campaign = campaign_page(pk)
    if campaign is None:
        raise Http404("There is no such campaign.")
    form = OfferPolicyForm(request.POST, instance=policy_of(campaign))
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect(campaign)
    chosen = form.save(commit=False)
    if chosen.mode == OfferPolicy.Mode.AUTOMATIC and not request.user.has_perm("campaigns.change_offerassignment"):
        raise PermissionDenied
    try:
        _start(chosen, request)
    except CannotAssign as problem:
        messages.error(request, str(problem))
    return redirect(f"{campaign.get_absolute_url()}#next-best-offers")


@transaction.atomic
def _start(policy: OfferPolicy, request: HttpRequest) -> None:
    job = start_assigning(campaign=policy.campaign, policy=policy, by=cast("User", request.user), at=timezone.now())
    transaction.on_commit(lambda: wake(job))


@require_GET
def customer_offers(request: HttpRequest, pk: int) -> HttpResponse:
    """Why this customer got, or did not get, each offer."""
    customer = customer_page(pk)
    if customer is None:
        raise Http404("There is no such customer.")
    now = timezone.now()
    context = {
        "customer": customer,
        "offers": queries.customer_offers(customer, at=now),
        "traces": queries.decision_traces(customer, at=now),
    }
    return render(request, "campaigns/customer_offers.html", context)
