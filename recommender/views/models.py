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
from recommender.charts.evaluation import calibration_chart, groups_chart, months_chart, readiness_chart
from recommender.charts.learning import comparison_chart, learning_curve_chart
from recommender.forms import CompressionForm
from recommender.models import DecayChoice, ModelVersion
from recommender.queries.decay import newest_choices, open_decay_job
from recommender.queries.purposes import PurposeView, purpose_views
from recommender.queries.version_pages import are_comparable, comparison, version_view
from recommender.queries.versions import serving_and_baseline
from recommender.registry import PromotionRefused, refusal
from recommender.services import serving

CHOOSE = "Open a version and choose there what to compare it with."
NOT_COMPARABLE = (
    "These two were not tested on the same customers in the same weeks, so their figures say nothing of each other. "
    "Train again: all of one training can be compared."
)


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


@require_GET
def model_version(request: HttpRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion.objects.select_related("job", "parent"), pk=pk)
    context = {
        "view": version_view(version),
        "charts": _charts_of(version),
        "refusal": refusal(version),
        "compression_form": CompressionForm(),
    }
    return render(request, "recommender/model_version.html", context)


def _charts_of(version: ModelVersion) -> list[Chart]:
    """What was measured when it was trained; versions of other purposes and earlier ones have less."""
    told, as_of = version.evaluation, version.data_until
    charts = []
    if told.get("months"):
        charts.append(months_chart(told["months"], as_of=as_of))
    if told.get("readiness"):
        charts.append(readiness_chart(told["readiness"], as_of=as_of))
    if told.get("calibration"):
        charts.append(calibration_chart(told["calibration"], as_of=as_of))
    if version.learning_curve:
        charts.append(learning_curve_chart(version.learning_curve, as_of=as_of))
    groups = enumerate(told.get("groups", []), start=1)
    return [*charts, *(groups_chart(group, number=number, as_of=as_of) for number, group in groups)]


@require_GET
def models_compare(request: HttpRequest) -> HttpResponse:
    """Two versions, `one` and `other`, of the same test; without them the page says how to choose."""
    one, other = (_version(request.GET.get(name, "")) for name in ("one", "other"))
    if one is None or other is None:
        return render(request, "recommender/models_compare.html", {"comparison": None, "problem": CHOOSE})
    if not are_comparable(one, other):
        return render(request, "recommender/models_compare.html", {"comparison": None, "problem": NOT_COMPARABLE})
    return render(request, "recommender/models_compare.html", {"comparison": comparison(one, other)})


def _version(text: str) -> ModelVersion | None:
    is_key = text.isascii() and text.isdecimal() and len(text) < 19
    return ModelVersion.objects.filter(pk=int(text)).first() if is_key else None


@require_POST
@permission_required("recommender.change_modelversion", raise_exception=True)
def model_promote(request: HttpRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion, pk=pk)
    try:
        job = _put_in_use(request, version)
    except PromotionRefused as problem:
        messages.error(request, str(problem))
        return redirect(version)
    messages.success(request, f"“{version}” is in use now.")
    return redirect(job) if job else redirect("models")


@transaction.atomic
def _put_in_use(request: HttpRequest, version: ModelVersion) -> Job | None:
    # Nobody gets here without logging in.
    job = serving.put_in_use(
        version=version,
        by=request.user,  # type: ignore[arg-type]
        at=timezone.now(),
        override_reason=request.POST.get("override_reason", ""),
    )
    if job is not None:
        transaction.on_commit(lambda: wake(job))
    return job


@require_POST
@permission_required("recommender.change_modelversion", raise_exception=True)
def model_roll_back(request: HttpRequest, purpose: str) -> HttpResponse:
    try:
        job = _roll_back(request, purpose)
    except PromotionRefused as problem:
        messages.error(request, str(problem))
        return redirect("models")
    messages.success(request, "The version before serves again.")
    return redirect(job) if job else redirect("models")


@transaction.atomic
def _roll_back(request: HttpRequest, purpose: str) -> Job | None:
    to = _version(request.POST.get("to", ""))
    job = serving.roll_back(purpose=purpose, to=to and to.pk, by=request.user, at=timezone.now())  # type: ignore[arg-type]
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
