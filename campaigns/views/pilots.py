"""Pilot first: how many should get a campaign before everybody does, who was drawn, and what the pilot told."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms.pilots import PilotDrawForm, PilotForm, suggested_draw
from campaigns.models import Pilot, Simulation
from campaigns.queries.pilots import advice_chart, members_of, open_pilot, pilot_advice, read_pilot, sent_pilots
from campaigns.queries.scenarios import base_of, is_draft
from campaigns.queries.simulations import simulation_page
from campaigns.services.pilot_draws import call_off_pilot, draw_pilot
from campaigns.services.pilots import PilotInvalid, forecast_after_pilot, forecast_rest

FIELD_OF = {"starts_at": "starts_on", "ends_at": "ends_on"}


@require_GET
def pilot(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _found(pk))


def _page(
    request: HttpRequest,
    simulation: Simulation,
    *,
    form: PilotForm | None = None,
    draw_form: PilotDrawForm | None = None,
) -> HttpResponse:
    base, drawn = base_of(simulation), open_pilot(simulation.campaign_id)
    advice = pilot_advice(base) if base else None
    context = {
        "simulation": simulation,
        "base": base,
        "advice": advice,
        "chart": advice_chart(advice, simulation) if advice else None,
        "form": form or PilotForm(sent=sent_pilots(simulation)),
        "told": simulation.evidence.get("pilot"),
        "drawn": drawn,
        "drawn_n": members_of(drawn.campaign.audience_id or 0).n if drawn else None,
        "reading": read_pilot(drawn, at=timezone.now()) if drawn else None,
        # What was refused is told beside its field, even where there would be no form otherwise.
        "can_draw": draw_form is not None or (is_draft(simulation) and drawn is None and bool(advice and advice.sizes)),
        "draw_form": draw_form or (PilotDrawForm(initial=suggested_draw(simulation, advice)) if advice else None),
    }
    return render(request, "campaigns/pilot.html", context)


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def pilot_result(request: HttpRequest, pk: int) -> HttpResponse:
    simulation = _found(pk)
    form = PilotForm(request.POST, sent=sent_pilots(simulation))
    if not form.is_valid():
        return _page(request, simulation, form=form)
    try:
        made = forecast_after_pilot(
            simulation=simulation, pilot=form.pilot(), by=cast("User", request.user), at=timezone.now()
        )
    except PilotInvalid as problem:
        form.add_error(problem.field, problem.sentence)
        return _page(request, simulation, form=form)
    messages.success(request, "Forecast again with what the pilot told. The first forecast stays as it was made.")
    return redirect(made)


@require_POST
@permission_required("campaigns.add_campaign", raise_exception=True)
def pilot_draw(request: HttpRequest, pk: int) -> HttpResponse:
    simulation = _found(pk)
    form = PilotDrawForm(request.POST)
    if not form.is_valid():
        return _page(request, simulation, draw_form=form)
    try:
        drawn = draw_pilot(simulation=simulation, plan=form.plan(), by=cast("User", request.user), at=timezone.now())
    except PilotInvalid as problem:
        form.add_error(FIELD_OF.get(problem.field, problem.field), problem.sentence)
        return _page(request, simulation, draw_form=form)
    messages.success(request, "The pilot is drawn. Have it reviewed and sent; the others wait for what it tells.")
    return redirect(drawn.campaign)


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def pilot_forecast(request: HttpRequest, pk: int) -> HttpResponse:
    """What the drawn pilot told by now, taken from the data."""
    simulation = _found(pk)
    try:
        made = forecast_rest(pilot=_drawn(simulation), by=cast("User", request.user), at=timezone.now())
    except PilotInvalid as problem:
        messages.error(request, problem.sentence)
        return redirect("pilot", pk)
    messages.success(request, "Forecast again with what the pilot told. The first forecast stays as it was made.")
    return redirect(made)


@require_POST
@permission_required("campaigns.add_campaign", raise_exception=True)
def pilot_call_off(request: HttpRequest, pk: int) -> HttpResponse:
    simulation = _found(pk)
    try:
        call_off_pilot(pilot=_drawn(simulation), by=cast("User", request.user), at=timezone.now())
    except PilotInvalid as problem:
        messages.error(request, problem.sentence)
    else:
        messages.success(request, "The pilot is called off. Its people belong to the campaign again.")
    return redirect("pilot", pk)


def _drawn(simulation: Simulation) -> Pilot:
    drawn = open_pilot(simulation.campaign_id)
    if drawn is None:
        raise PilotInvalid("pilot", "No pilot was drawn for this campaign. Draw one first.")
    return drawn


def _found(pk: int) -> Simulation:
    found = simulation_page(pk)
    if found is None:
        raise Http404("There is no such simulation.")
    return found
