"""The least sufficient benefit for each customer of a campaign: ask, follow, look, take along."""

from typing import cast

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms import IncentivesForm
from campaigns.forms.fields import plain_number
from campaigns.models import Campaign, IncentiveChoice
from campaigns.queries.benefits import incentives_page, people_of
from campaigns.queries.campaigns import campaign_page
from campaigns.queries.simulation_pages import currency_sign
from campaigns.services.incentives import IncentivesAsked, IncentivesInvalid, start_incentives
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page
from loyalty.tasks import wake

COLUMNS = ["Customer", "Benefit", "Chance", "Chance for the smallest", "Expected margin", "Currency"]
PEOPLE_SHOWN = 25


@require_GET
def campaign_incentives(request: HttpRequest, pk: int) -> HttpResponseBase:
    campaign = _found(pk)
    if request.GET.get("format") == "csv":
        return _export(campaign)
    budget = plain_number(campaign.budget)
    return _page(request, campaign, IncentivesForm(initial={"budget": budget}))


def _page(request: HttpRequest, campaign: Campaign, form: IncentivesForm) -> HttpResponse:
    part = incentives_page(campaign, sign=currency_sign(campaign.currency))
    people = (
        keyset_page(people_of(part.plan), order="pk", cursor=request.GET.get("page", ""), size=PEOPLE_SHOWN)
        if part.plan
        else None
    )
    return render(
        request, "campaigns/incentives.html", {"campaign": campaign, "part": part, "form": form, "people": people}
    )


def _found(pk: int) -> Campaign:
    campaign = campaign_page(pk)
    if campaign is None:
        raise Http404("There is no such campaign.")
    return campaign


def _export(campaign: Campaign) -> HttpResponseBase:
    plan = incentives_page(campaign, sign="").plan
    rows = people_of(plan).order_by("pk").iterator(chunk_size=2000) if plan else iter(())
    return csv_response(f"benefits-of-campaign-{campaign.pk}", COLUMNS, (_row(one, campaign) for one in rows))


def _row(one: IncentiveChoice, campaign: Campaign) -> list[object]:
    return [one.customer.external_id, one.benefit, one.chance, one.smallest_chance, one.value, campaign.currency]


@require_POST
@permission_required("campaigns.add_incentiveplan", raise_exception=True)
def campaign_incentives_plan(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = _found(pk)
    form = IncentivesForm(request.POST)
    if not form.is_valid():
        return _page(request, campaign, form)
    try:
        _start(campaign, form.asked(), request)
    except IncentivesInvalid as problem:
        form.add_error("benefit_1" if problem.field == "benefits" else problem.field, problem.sentence)
        return _page(request, campaign, form)
    return redirect("campaign-incentives", campaign.pk)


@transaction.atomic
def _start(campaign: Campaign, asked: IncentivesAsked, request: HttpRequest) -> None:
    job = start_incentives(campaign=campaign, asked=asked, by=cast("User", request.user), at=timezone.now())
    transaction.on_commit(lambda: wake(job))
