"""The clustering explorer: ask, look at what was found, save it or throw it away."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.charts import Chart
from loyalty.models import Job
from loyalty.queries.orders import data_horizon
from loyalty.queries.paging import keyset_page
from loyalty.tasks import wake
from segments.charts import divisions
from segments.charts import segmentations as charts
from segments.forms.explorer import ExplorerForm, initial_of
from segments.models import Segmentation
from segments.queries import choices, explorer, findings
from segments.services.looks import (
    NothingSaved,
    SegmentationSaved,
    discard_segmentation,
    start_assigning,
    start_look,
    start_saving,
)

PERMISSION = "segments.add_segment"


@require_GET
def explore(request: HttpRequest) -> HttpResponse:
    number = request.GET.get("like", "")
    like = choices.segmentation_page(int(number)) if number.isdecimal() and len(number) < 10 else None
    families = choices.feature_families(as_of=data_horizon() or timezone.now())
    initial: dict[str, Any] = {"features": choices.usual_names(families)}
    if like is not None and like.spec.get("features"):
        initial = initial_of(like.spec)
    form = ExplorerForm(initial=initial, families=families, vectors=choices.vector_choices())
    return _form_page(request, form, families)


@require_POST
@permission_required(PERMISSION, raise_exception=True)
def explore_start(request: HttpRequest) -> HttpResponse:
    families = choices.feature_families(as_of=data_horizon() or timezone.now())
    form = ExplorerForm(request.POST, families=families, vectors=choices.vector_choices())
    if not form.is_valid():
        return _form_page(request, form, families, status=422)
    return redirect(_look(request, form.spec))


def _form_page(
    request: HttpRequest, form: ExplorerForm, families: list[choices.Family], *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "families": families,
        "vectors": choices.vector_choices(),
        "page": keyset_page(choices.looks(), order="-pk", cursor=request.GET.get("page", ""), size=10),
        "open_job": choices.open_look(),
    }
    return render(request, "segments/explore.html", context, status=status)


@transaction.atomic
def _look(request: HttpRequest, spec: dict[str, Any]) -> Job:
    job = start_look(spec=spec, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))
    return job


@require_GET
def segmentation(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    groups = findings.groups_of(found)
    points, n_customers = explorer.map_points(found)
    context = {
        "segmentation": found,
        "groups": groups,
        "n_customers": found.findings.get("n_customers", n_customers),
        "facts": findings.facts_of(found),
        "continuity": explorer.continuity(found),
        "fit": explorer.fit_of(found) if found.is_current else None,
        "map_chart": charts.map_chart(explorer.segments_of(found), points, n_customers=n_customers),
        "charts": _charts(found),
        "open_job": choices.open_look(),
        "settings": findings.settings_of(found),
    }
    return render(request, "segments/segmentation.html", context)


def _charts(found: Segmentation) -> list[Chart]:
    segments = explorer.segments_of(found)
    told = [charts.heat_map_chart(segments), charts.sizes_chart(segments)]
    differences = findings.differences_of(found)
    if differences:
        told.insert(1, divisions.differences_chart(differences, as_of=found.as_of))
    if len(segments.scores) > 1:
        said = found.findings.get("disagreement", "")
        # Runs of earlier days have no third index.
        told.append(
            divisions.indices_chart(segments.scores, disagreement=said, as_of=found.as_of)
            if said
            else charts.number_of_segments_chart(segments)
        )
    told.append(divisions.stability_chart(segments.scores, k=found.k, as_of=found.as_of))
    explained, tree = found.findings.get("explained"), findings.branches_of(found)
    if explained:
        n_features = len(found.feature_names)
        told.append(divisions.components_chart(explained, n_features=n_features, as_of=found.as_of))
    if tree is not None:
        told.append(divisions.tree_chart(tree, k=found.k, as_of=found.as_of))
    return told


@require_POST
@permission_required(PERMISSION, raise_exception=True)
def segmentation_save(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    given = {label: request.POST.get(f"name-{label}", "").strip()[:100] for label in range(found.k)}
    with transaction.atomic():
        names = {label: name for label, name in given.items() if name}
        job = start_saving(segmentation=found, names=names, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        transaction.on_commit(lambda: wake(job))
    messages.success(request, "Making segments of it. Large shops take a minute.")
    return redirect(job)


@require_POST
@permission_required(PERMISSION, raise_exception=True)
def segmentation_discard(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    try:
        discard_segmentation(segmentation=found)
    except SegmentationSaved as refusal:
        messages.error(request, str(refusal))
        return redirect("segmentation", pk=pk)
    messages.success(request, "Thrown away. Nothing of it had become a segment.")
    return redirect("segments-explore")


@require_POST
@permission_required(PERMISSION, raise_exception=True)
def segmentation_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The same look with another number of segments, one of those that may be chosen."""
    found = _found(pk)
    number = request.POST.get("k", "")
    if number not in {str(k) for k in findings.offered_of(found)}:
        messages.error(request, "Number of segments: choose one that is stable and leaves no tiny segment.")
        return redirect("segmentation", pk=pk)
    return redirect(_look(request, {**found.spec, "k": int(number)}))


@require_POST
@permission_required(PERMISSION, raise_exception=True)
def assign_everybody(request: HttpRequest) -> HttpResponse:
    try:
        return redirect(_assign(request))
    except NothingSaved as refusal:
        messages.error(request, str(refusal))
        return redirect("segments-explore")


@transaction.atomic
def _assign(request: HttpRequest) -> Job:
    job = start_assigning(by=request.user, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))
    return job


def _found(pk: int) -> Segmentation:
    found = choices.segmentation_page(pk)
    if found is None:
        raise Http404("There is no such look at the customers.")
    return found
