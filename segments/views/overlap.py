"""Groups laid over each other, and two segments side by side."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from loyalty.queries.orders import data_horizon
from segments.charts import comparison as comparison_charts
from segments.charts import overlap as charts
from segments.models import Segment
from segments.queries import comparison as queries
from segments.queries.crowds import MOST_AT_ONCE, chosen_crowds, crowds, overlap_of

NOBODY_LEFT = "One of them has nobody whom the other has not, so there is nothing to compare."


@require_GET
def overlap(request: HttpRequest) -> HttpResponse:
    known = crowds()
    chosen = chosen_crowds(known, request.GET.getlist("of"))
    context: dict[str, object] = {
        "crowds": known,
        "chosen": {crowd.key for crowd in chosen},
        "most": MOST_AT_ONCE,
        "is_full": len(request.GET.getlist("of")) > MOST_AT_ONCE,
    }
    if len(chosen) > 1:
        names, found = [crowd.name for crowd in chosen], overlap_of(chosen)
        context |= {"matrix_chart": charts.matrix_chart(names, found)}
        if found.combinations:
            context |= {"upset_chart": charts.upset_chart(names, found)}
    return render(request, "segments/overlap.html", context)


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    segments = list(queries.comparable_segments())
    one, other = (_asked(segments, request.GET.get(name, "")) for name in ("one", "other"))
    sides = [("one", one, "The first segment"), ("other", other, "The segment to compare it with")]
    context: dict[str, object] = {"segments": segments, "sides": sides}
    if one is not None and one == other:
        context["problem"] = "Choose two different segments to compare."
    elif one is not None and other is not None:
        context |= _compared(one, other)
    return render(request, "segments/compare.html", context)


def _asked(segments: list[Segment], key: str) -> Segment | None:
    return next((segment for segment in segments if str(segment.pk) == key), None)


def _compared(one: Segment, other: Segment) -> dict[str, object]:
    found = queries.comparison_of(one, other, as_of=data_horizon() or timezone.now())
    if not found.habits:
        return {"found": found, "problem": NOBODY_LEFT}
    bars = [
        comparison_charts.LiftBar(department.name, **vars(department.found), is_told=department.found.is_told)
        for department in found.departments
    ]
    chart = comparison_charts.lifts_chart(bars, one=one.name, other=other.name, as_of=found.as_of) if bars else None
    return {"found": found, "lifts_chart": chart}
