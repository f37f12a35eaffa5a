"""Scenarios: up to four plans of one simulation side by side, other money, and the one that is applied."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms import MoneyForm, ScenarioForm
from campaigns.models import Scenario, Simulation
from campaigns.queries.scenario_pages import comparison
from campaigns.queries.scenarios import base_of, benefit_of, is_draft, newest_comparison, scenario_page
from campaigns.queries.simulations import simulation_page
from campaigns.services.campaigns import CampaignInvalid
from campaigns.services.scenario_choice import apply_scenario
from campaigns.services.scenario_runs import start_scenarios
from campaigns.services.scenarios import MOST, ScenarioInvalid, add_scenario, change_money, remove_scenario
from loyalty.tasks import wake

PERCENT = 100


@require_GET
def scenarios(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _simulation(pk))


def _page(request: HttpRequest, simulation: Simulation, **forms: Any) -> HttpResponse:
    base = base_of(simulation)
    extra = _extra_percent(request.GET.get("extra", ""))
    compared = comparison(simulation, extra_share=None if extra is None else extra / PERCENT)
    context = {
        "simulation": simulation,
        "base": base,
        "compared": compared,
        "job": newest_comparison(simulation) if compared.is_waiting else None,
        "extra": extra,
        "usual": benefit_of(simulation),
        "is_draft": is_draft(simulation),
        "can_add": base is not None and len(compared.lines) < MOST,
        "form": base and ScenarioForm(base=base),
        "money_form": base and MoneyForm(base=base, auto_id="money_%s"),
        **forms,
    }
    return render(request, "campaigns/scenarios.html", context)


def _extra_percent(text: str) -> int | None:
    """What the slider says; its left end says that nobody knows."""
    return int(text) if text.isascii() and text.isdigit() and int(text) <= PERCENT else None


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def scenario_add(request: HttpRequest, pk: int) -> HttpResponse:
    simulation = _simulation(pk)
    form = ScenarioForm(request.POST, base=_base(simulation))
    if not form.is_valid():
        return _page(request, simulation, form=form)
    try:
        _add(simulation, form, request)
    except ScenarioInvalid as problem:
        messages.error(request, problem.sentence)
    return redirect("scenarios", pk)


@transaction.atomic
def _add(simulation: Simulation, form: ScenarioForm, request: HttpRequest) -> None:
    by: Any = request.user
    add_scenario(simulation=simulation, plan=form.plan(), by=by, at=timezone.now())
    job = start_scenarios(simulation=simulation, by=by, at=timezone.now())
    if job is not None:
        transaction.on_commit(lambda: wake(job))


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def scenario_money(request: HttpRequest, pk: int) -> HttpResponse:
    simulation = _simulation(pk)
    base = _base(simulation)
    form = MoneyForm(request.POST, base=base, auto_id="money_%s")
    if not form.is_valid():
        return _page(request, simulation, money_form=form)
    by: Any = request.user
    try:
        change_money(scenario=base, name=form.cleaned_data["name"], money=form.money(), by=by, at=timezone.now())
    except ScenarioInvalid as problem:
        form.add_error("margin_percent" if problem.field == "margin_share" else problem.field, problem.sentence)
        return _page(request, simulation, money_form=form)
    return redirect("scenarios", pk)


@require_POST
@permission_required("campaigns.change_campaign", raise_exception=True)
def scenario_apply(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = _scenario(pk)
    by: Any = request.user
    try:
        campaign = apply_scenario(scenario=scenario, by=by, at=timezone.now())
    except CampaignInvalid as problem:
        messages.error(request, problem.sentence)
        return redirect(scenario)
    messages.success(request, f"“{scenario.name}” is now the plan of this campaign.")
    return redirect(campaign)


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def scenario_remove(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = _scenario(pk)
    try:
        remove_scenario(scenario=scenario, at=timezone.now())
    except ScenarioInvalid as problem:
        messages.error(request, problem.sentence)
    return redirect(scenario)


def _simulation(pk: int) -> Simulation:
    found = simulation_page(pk)
    if found is None:
        raise Http404("There is no such simulation.")
    return found


def _base(simulation: Simulation) -> Scenario:
    base = base_of(simulation)
    if base is None:
        raise Http404("This rehearsal is of before plans could be compared.")
    return base


def _scenario(pk: int) -> Scenario:
    found = scenario_page(pk)
    if found is None:
        raise Http404("There is no such scenario.")
    return found
