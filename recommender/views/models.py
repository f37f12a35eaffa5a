"""What was learnt, how good it is beside the simplest rule, which version serves and why."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.charts import Chart
from loyalty.models import Job
from loyalty.tasks import wake
from recommender.charts.decay import decay_chart
from recommender.charts.learning import comparison_chart, learning_curve_chart
from recommender.models import DecayChoice, ModelVersion
from recommender.queries.decay import newest_choices, open_decay_job
from recommender.queries.purposes import PurposeView, purpose_views
from recommender.queries.versions import serving_and_baseline
from recommender.registry import PromotionRefused
from recommender.services import serving


@require_GET
def models(request: HttpRequest) -> HttpResponse:
    views = purpose_views()
    context = {
        "views": [(view, _charts(view)) for view in views],
        "has_any": any(view.versions for view in views),
        "decays": [(choice, _decay_chart(choice)) for choice in newest_choices()],
        "decay_job": open_decay_job(),
    }
    return render(request, "recommender/models.html", context)


def _charts(view: PurposeView) -> list[Chart]:
    """Drawn for recommendations, the only purpose whose scores come with intervals and whose learning takes passes."""
    if view.purpose != ModelVersion.Purpose.RECOMMENDATION or view.shown is None:
        return []
    as_of = view.shown.data_until
    charts = [comparison_chart(serving_and_baseline(view.purpose), as_of=as_of)]
    if view.learnt and view.learnt.learning_curve:
        charts.append(learning_curve_chart(view.learnt.learning_curve, as_of=as_of))
    return charts


def _decay_chart(choice: DecayChoice) -> Chart:
    return decay_chart(choice.task, choice.grid, half_life_days=choice.half_life_days, as_of=choice.as_of)


@require_POST
@permission_required("loyalty.add_job", raise_exception=True)
@transaction.atomic
def decay_choose(request: HttpRequest) -> HttpResponse:
    job = serving.start_choosing_half_lives(by=request.user, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))
    return redirect("models")


@require_POST
@permission_required("recommender.change_modelversion", raise_exception=True)
def model_promote(request: HttpRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion, pk=pk)
    try:
        job = _put_in_use(request, version)
    except PromotionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("models")
    messages.success(request, f"“{version}” is in use now.")
    return redirect(job) if job else redirect("models")


@transaction.atomic
def _put_in_use(request: HttpRequest, version: ModelVersion) -> Job | None:
    # Nobody gets here without logging in.
    reason = request.POST.get("override_reason", "")
    job = serving.put_in_use(version=version, by=request.user, at=timezone.now(), override_reason=reason)  # type: ignore[arg-type]
    if job is not None:
        transaction.on_commit(lambda: wake(job))
    return job


@require_POST
@permission_required("loyalty.add_job", raise_exception=True)
def model_learn(request: HttpRequest, purpose: str) -> HttpResponse:
    try:
        _start_learning(request, purpose)
    except serving.NothingToLearn as problem:
        messages.error(request, str(problem))
    return redirect("models")


@transaction.atomic
def _start_learning(request: HttpRequest, purpose: str) -> None:
    job = serving.start_learning(purpose=purpose, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))
