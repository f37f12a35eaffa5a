from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.charts import Chart
from loyalty.exports import csv_response
from loyalty.models import Job
from loyalty.queries.paging import keyset_page
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.tasks import wake
from segments.charts import segmentations as charts
from segments.charts.growth import growth_chart
from segments.charts.profile import profile_chart
from segments.engine.rules.notation import RuleRefused, read_rule
from segments.engine.rules.words import Line, lines
from segments.models import Segment, Segmentation, SegmentRule
from segments.queries import explorer, overview
from segments.queries import members as queries
from segments.queries.refreshes import newest_refresh
from segments.queries.rules.catalogue import catalogue_of

MEMBER_COLUMNS = ["customer", "name", "spend", "last ordered at"]


@require_GET
def segments(request: HttpRequest) -> HttpResponse:
    segmentation = explorer.current_segmentation()
    context: dict[str, object] = {"segmentation": segmentation, "job": queries.finding_job(), **_list(request)}
    if segmentation is not None:
        context |= {
            "segments": queries.current_segments(),
            "continuity": explorer.continuity(segmentation),
            "fit": explorer.fit_of(segmentation),
            **_explorer(segmentation),
        }
    return render(request, "segments/segments.html", context)


def _list(request: HttpRequest) -> dict[str, object]:
    asked = {"kind": request.GET.get("kind", ""), "text": request.GET.get("q", "").strip(), "at": timezone.now()}
    rows = overview.segment_list(**asked)  # type: ignore[arg-type]
    return {
        "page": keyset_page(rows, order="-pk", cursor=request.GET.get("page", ""), size=25),
        "total": overview.segment_count(**asked),  # type: ignore[arg-type]
        "kinds": Segment.Kind.choices,
        "is_filtered": bool(asked["kind"] or asked["text"]),
    }


def _explorer(segmentation: Segmentation) -> dict[str, Chart | int]:
    found = explorer.segments_of(segmentation)
    points, n_customers = explorer.map_points(segmentation)
    return {
        "n_customers": n_customers,
        "map_chart": charts.map_chart(found, points, n_customers=n_customers),
        "heat_map_chart": charts.heat_map_chart(found),
        "sizes_chart": charts.sizes_chart(found),
        "number_chart": charts.number_of_segments_chart(found),
    }


@require_GET
def segment(request: HttpRequest, pk: int) -> HttpResponseBase:
    segment = queries.segment_page(pk)
    if segment is None:
        raise Http404("There is no such segment.")
    if request.GET.get("format") == "csv":
        return csv_response(f"segment-{segment.pk}", MEMBER_COLUMNS, queries.member_cells(segment))
    profile = explorer.profile_of(segment)
    context = {
        "segment": segment,
        "facts": queries.segment_facts(segment),
        "page": keyset_page(queries.members(segment), order="-spend", cursor=request.GET.get("page", ""), size=25),
        "chart": profile_chart(profile) if profile else None,
        "profile": profile,
        **_by_rule(segment),
    }
    return render(request, "segments/segment.html", context)


def _by_rule(segment: Segment) -> dict[str, object]:
    """What is said of a segment that has a rule: the rule line by line, how it grew, when it was looked at."""
    rule = SegmentRule.objects.select_related("edited_by").filter(segment=segment).first()
    if rule is None:
        return {}
    refresh = newest_refresh(segment.pk)
    words = catalogue_of(rule.tree)
    try:
        told = lines(read_rule(rule.tree, words), words)
    except RuleRefused as refused:
        told = [Line(0, "", str(refused))]
    sizes = overview.sizes(segment)
    growth = growth_chart(sizes, as_of=refresh.at if refresh else None) if sizes else None
    return {"rule": rule, "lines": told, "refresh": refresh, "growth": growth}


@require_POST
@permission_required("segments.add_segment", raise_exception=True)
def segments_find(request: HttpRequest) -> HttpResponse:
    job = _start(request.user)  # type: ignore[arg-type]
    messages.success(request, "Looking for segments in what customers bought. This takes about a minute.")
    return redirect(job)


@transaction.atomic
def _start(by: User) -> Job:
    one_at_a_time(queries.FIND_TASK)
    at_it = queries.finding_job()
    if at_it is not None:
        return at_it
    job = create_job(task=queries.FIND_TASK, label="Find segments", params={}, by=by, at=timezone.now())
    transaction.on_commit(lambda: wake(job))
    return job
