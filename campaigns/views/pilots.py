"""Pilot first: how many should get a campaign before everybody does, and what the pilot told."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms.pilots import PilotForm
from campaigns.models import Simulation
from campaigns.queries.pilots import advice_chart, pilot_advice, sent_pilots
from campaigns.queries.scenarios import base_of
from campaigns.queries.simulations import simulation_page
from campaigns.services.pilots import PilotInvalid, forecast_after_pilot


@require_GET
def pilot(request: HttpRequest, pk: int) -> HttpResponse:
    simulation = _found(pk)
    return _page(request, simulation, PilotForm(sent=sent_pilots(simulation)))


def _page(request: HttpRequest, simulation: Simulation, form: PilotForm) -> HttpResponse:
    base = base_of(simulation)
    advice = pilot_advice(base) if base else None
    context = {
        "simulation": simulation,
        "base": base,
        "advice": advice,
        "chart": advice_chart(advice, simulation) if advice else None,
        "form": form,
        "told": simulation.evidence.get("pilot"),
    }
    return render(request, "campaigns/pilot.html", context)


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def pilot_result(request: HttpRequest, pk: int) -> HttpResponse:
    simulation = _found(pk)
    form = PilotForm(request.POST, sent=sent_pilots(simulation))
    if not form.is_valid():
        return _page(request, simulation, form)
    by: Any = request.user
    try:
        made = forecast_after_pilot(simulation=simulation, pilot=form.pilot(), by=by, at=timezone.now())
    except PilotInvalid as problem:
        form.add_error(problem.field, problem.sentence)
        return _page(request, simulation, form)
    messages.success(request, "Forecast again with what the pilot told. The first forecast stays as it was made.")
    return redirect(made)


def _found(pk: int) -> Simulation:
    found = simulation_page(pk)
    if found is None:
        raise Http404("There is no such simulation.")
    return found
