"""Search better settings, tell a version in rules, train again by itself: begun in the browser, done by a worker."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.models import Job
from loyalty.tasks import wake
from recommender.forms import CompressionForm, RetrainingForm, TuningForm
from recommender.models import ModelVersion
from recommender.queries.tunings import newest_tunings, retraining_setting, tunable_choices
from recommender.services import requests


@require_http_methods(["GET", "POST"])
@permission_required("recommender.change_modelversion", raise_exception=True)
def models_training(request: HttpRequest) -> HttpResponse:
    """What is trained by itself, and searches for better settings."""
    setting = retraining_setting()
    values = {"mode": setting.mode, "every_days": setting.every_days, "window_months": setting.window_months}
    form = RetrainingForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        requests.set_retraining(**form.cleaned_data)
        messages.success(request, "Kept.")
        return redirect("models-training")
    context = {
        "form": form,
        "setting": setting,
        "tuning_form": TuningForm(choices=tunable_choices()),
        "tunings": newest_tunings(),
    }
    return render(request, "recommender/models_training.html", context)


@require_POST
@permission_required(("loyalty.add_job", "recommender.change_modelversion"), raise_exception=True)
def models_tune(request: HttpRequest) -> HttpResponse:
    form = TuningForm(request.POST, choices=tunable_choices())
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect("models-training")
    kind, seconds = form.cleaned_data["kind"], 60 * form.cleaned_data["minutes"]
    return _begin(lambda: requests.start_tuning(kind=kind, seconds=seconds, by=request.user, at=timezone.now()))  # type: ignore[arg-type]


@require_POST
@permission_required("loyalty.add_job", raise_exception=True)
def model_explain(request: HttpRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion, pk=pk)
    try:
        return _begin(lambda: requests.start_explaining(version=version, by=request.user, at=timezone.now()))  # type: ignore[arg-type]
    except requests.NotExplainable as problem:
        messages.error(request, str(problem))
        return redirect(version)


@require_POST
@permission_required(("loyalty.add_job", "recommender.change_modelversion"), raise_exception=True)
def model_compress(request: HttpRequest, pk: int) -> HttpResponse:
    version, form = get_object_or_404(ModelVersion, pk=pk), CompressionForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect(version)
    how, percent = form.cleaned_data["how"], float(form.cleaned_data["tolerated_percent"])
    asked = {"how": how, "tolerated_percent": percent, "by": request.user, "at": timezone.now()}
    try:
        return _begin(lambda: requests.start_compressing(version=version, **asked))
    except requests.NotCompressible as problem:
        messages.error(request, str(problem))
        return redirect(version)


@transaction.atomic
def _begin(start: Callable[[], Job]) -> HttpResponse:
    job = start()
    transaction.on_commit(lambda: wake(job))
    return redirect(job)
