"""Campaigns: the list, one campaign, and the steps from draft to approved."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from campaigns.charts.calendar import calendar_chart
from campaigns.forms import OfferPolicyForm, RejectionForm
from campaigns.models import Campaign
from campaigns.queries import campaigns as queries
from campaigns.queries.assignments import round_page
from campaigns.queries.pilots import open_pilot, pilot_made_by
from campaigns.queries.planning import audience_rule
from campaigns.services import campaigns as services
from campaigns.services.rehearsal import start_rehearsal
from loyalty.exports import csv_response
from loyalty.queries.orders import data_horizon
from loyalty.queries.paging import keyset_page
from loyalty.services.jobs import one_at_a_time
from loyalty.tasks import wake

EXPORT_COLUMNS = [
    "Campaign", "Type", "State", "First day", "Last day", "Customers",
    "Expected to take it", "At least (90%)", "At most (90%)", "Took it",
]  # fmt: skip
SECTION_SIZE = 20


@require_GET
def campaigns(request: HttpRequest) -> HttpResponseBase:
    found = queries.campaign_list(
        state=request.GET.get("state", ""), type=request.GET.get("type", ""), text=request.GET.get("q", "").strip()
    )
    now = data_horizon() or timezone.now()
    if request.GET.get("format") == "csv":
        rows = queries.receptions(queries.with_reception(found), now=now)
        return csv_response("campaigns", EXPORT_COLUMNS, (_export_row(row) for row in rows))
    page = keyset_page(queries.with_reception(found), order="-starts_at", cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "rows": queries.receptions(page.rows, now=now),
        "total": found.count(),
        "states": Campaign.State.choices,
        "types": queries.campaign_types(),
        "is_filtered": any(request.GET.get(name) for name in ("q", "state", "type")),
        "chart": calendar_chart(queries.calendar_spans(found), today=timezone.localdate(now), as_of=now),
    }
    return render(request, "campaigns/campaigns.html", context)


def _export_row(row: queries.Reception) -> list[object]:
    campaign, forecast = row.campaign, row.forecast
    expected = [forecast.mid, forecast.low_90, forecast.high_90] if forecast else [None, None, None]
    about = [campaign.name, campaign.type, campaign.get_state_display(), campaign.first_day, campaign.last_day]
    return [*about, row.n_members, *expected, row.actual]


@require_GET
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    return _campaign_page(request, _found(pk), RejectionForm())


def _campaign_page(request: HttpRequest, campaign: Campaign, form: RejectionForm) -> HttpResponse:
    offers = queries.campaign_offers(campaign, text=request.GET.get("offer", "").strip())
    given = round_page(campaign, at=timezone.now())
    rehearsal = queries.newest_rehearsal(campaign)
    context = {
        "campaign": campaign,
        "given": given,
        "policy_form": OfferPolicyForm(instance=given.policy),
        "rule": audience_rule(campaign.audience_rule),
        "offers": keyset_page(offers, order="pk", cursor=request.GET.get("page", ""), size=SECTION_SIZE),
        "simulations": queries.campaign_simulations(campaign),
        "outcomes": queries.campaign_outcomes(campaign),
        "pilot_here": pilot_made_by(campaign.pk),
        "pilot_there": open_pilot(campaign.pk),
        "rehearsal": rehearsal,
        "pause_ms": rehearsal and rehearsal.pause_ms(timezone.now()),
        "is_author": campaign.created_by_id == request.user.pk,
        **queries.what_happened(campaign, now=data_horizon() or timezone.now()),
        "rejection": form,
    }
    return render(request, "campaigns/campaign.html", context)


def _found(pk: int) -> Campaign:
    campaign = queries.campaign_page(pk)
    if campaign is None:
        raise Http404("There is no such campaign.")
    return campaign


@require_GET
def campaign_rehearsal(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the rehearsal is: asked again and again until there is a forecast, then on to that."""
    rehearsal = queries.newest_rehearsal(_found(pk))
    if rehearsal and rehearsal.simulation:
        return HttpResponseClientRedirect(rehearsal.simulation.get_absolute_url())
    context = {
        "rehearsal": rehearsal, "campaign_id": pk, "pause_ms": rehearsal and rehearsal.pause_ms(timezone.now())
    }  # fmt: skip
    return render(request, "campaigns/rehearsal.html", context)


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def campaign_simulate(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = _found(pk)
    _start_rehearsal(campaign, request)
    return redirect(campaign)


@transaction.atomic
def _start_rehearsal(campaign: Campaign, request: HttpRequest) -> None:
    one_at_a_time(f"rehearse campaign {campaign.pk}")
    rehearsal = queries.newest_rehearsal(campaign)
    if rehearsal is not None and rehearsal.job.is_open:
        return
    # Nobody gets here without logging in.
    job = start_rehearsal(campaign=campaign, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))


@require_POST
@permission_required("campaigns.change_campaign", raise_exception=True)
def campaign_submit(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.submit_campaign, "Submitted. Somebody else can approve it now.")


@require_POST
@permission_required("campaigns.approve_campaign", raise_exception=True)
def campaign_approve(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.approve_campaign, "Approved.")


def _step(request: HttpRequest, pk: int, service: Callable[..., Campaign], done: str) -> HttpResponse:
    campaign = _found(pk)
    try:
        service(campaign=campaign, by=request.user, at=timezone.now())
    except services.CampaignInvalid as problem:
        messages.error(request, problem.sentence)
    else:
        messages.success(request, done)
    return redirect(campaign)


@require_POST
@permission_required("campaigns.approve_campaign", raise_exception=True)
def campaign_reject(request: HttpRequest, pk: int) -> HttpResponse:
    form = RejectionForm(request.POST)
    if not form.is_valid():
        return _campaign_page(request, _found(pk), form)

    def reject(**given: object) -> Campaign:
        return services.reject_campaign(comment=form.cleaned_data["comment"], **given)  # type: ignore[arg-type]

    return _step(request, pk, reject, "Sent back with your comment.")
