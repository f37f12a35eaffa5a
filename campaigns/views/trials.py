"""Finished trials: bring one in, say which column is what, and read what it changed."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.forms.trials import CostForm, TrialPlanForm, TrialUploadForm, cost_form
from campaigns.models import Trial
from campaigns.queries.trial_pages import trial_page, trial_rejections
from campaigns.services.trials.importing import (
    TrialNotOpen,
    Worth,
    keep_trial_file,
    look_at_trial,
    read_again,
    start_trial,
)
from campaigns.services.trials.preview import TrialPreview, preview_trial
from loyalty.exports import csv_response
from loyalty.queries.jobs import job_standing
from loyalty.services.ingest import FileRefused
from loyalty.tasks import wake

REJECTED_COLUMNS = ["line", "column", "value", "reason"]
may_bring_in = permission_required("campaigns.add_trial", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_bring_in
def trial_new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "campaigns/trial_new.html", {"form": TrialUploadForm()})
    form = TrialUploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            # Nobody gets here without logging in.
            trial = keep_trial_file(**form.cleaned_data, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("trial-map", trial.pk)
    return render(request, "campaigns/trial_new.html", {"form": form}, status=422)


@require_http_methods(["GET", "POST"])
@may_bring_in
@never_cache
def trial_map(request: HttpRequest, pk: int) -> HttpResponse:
    trial = get_object_or_404(Trial, pk=pk)
    if trial.state not in (Trial.State.DRAFT, Trial.State.FAILED):
        return redirect(trial)
    try:
        look = look_at_trial(trial)
    except FileRefused as refusal:
        messages.warning(request, str(refusal))
        return render(request, "campaigns/trial_new.html", {"form": TrialUploadForm(initial={"name": trial.name})})
    form, preview = TrialPlanForm(look, data=request.POST or None), None
    if request.method != "POST":
        preview = _suggested_preview(trial, form)
    elif form.is_valid():
        try:
            if request.POST.get("step") == "import":
                return _start(request, trial, form)
            preview = preview_trial(trial, form.plan())
        except FileRefused as refusal:
            form.add_error(None, str(refusal))
        except TrialNotOpen as problem:
            messages.warning(request, str(problem))
            return redirect(trial)
    context = {"trial": trial, "form": form, "look": look, "preview": preview}
    return render(request, "campaigns/trial_map.html", context, status=422 if form.errors else 200)


def _suggested_preview(trial: Trial, form: TrialPlanForm) -> TrialPreview | None:
    """What the file seems to say; where the headings mislead, the form is there to put it right."""
    plan = form.suggested()
    try:
        return preview_trial(trial, plan) if plan else None
    except FileRefused:
        return None


@transaction.atomic
def _start(request: HttpRequest, trial: Trial, form: TrialPlanForm) -> HttpResponse:
    by = request.user
    job = start_trial(trial=trial, plan=form.plan(), by=by, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))
    return redirect(trial)


@require_GET
@never_cache
def trial(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(Trial.objects.select_related("job"), pk=pk)
    if request.GET.get("format") == "csv":
        rows = trial_rejections(found).values_list("line", "column", "value", "reason")
        return csv_response(f"rejected-rows-of-trial-{pk}", REJECTED_COLUMNS, rows.iterator())
    context = {
        "trial": found,
        "page": trial_page(found),
        "arms": found.arms.all(),
        "rejections": trial_rejections(found)[:20],
        "standing": job_standing(found.job_id) if found.is_open and found.job_id else None,
        "cost_form": cost_form(found),
    }
    return render(request, "campaigns/trial.html", context)


@require_POST
@may_bring_in
@transaction.atomic
def trial_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the same people again, with what a contact costs, an outcome is worth, and the days it ran."""
    found = get_object_or_404(Trial, pk=pk)
    form = CostForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.warning(request, str(errors[0]))
        return redirect(found)
    try:
        worth = Worth(**form.worth())
        job = read_again(trial=found, worth=worth, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    except (TrialNotOpen, FileRefused) as problem:
        messages.warning(request, str(problem))
    else:
        transaction.on_commit(lambda: wake(job))
    return redirect(found)
