"""RFM groups and lifecycle states: pages that say who is where, and the buttons that have them read again."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.tasks import wake
from segments.charts import groups as charts
from segments.charts.moves import moves_chart
from segments.engine.rfm import GRID, RfmSpec
from segments.forms.rfm import RfmForm
from segments.models import GroupReport
from segments.queries import groups as queries
from segments.services.rhythm import start_reading, start_scoring

RECENCY = ("Recently", "Some time ago", "Long ago")


@require_GET
def rfm(request: HttpRequest) -> HttpResponse:
    report = queries.group_report(GroupReport.Kind.RFM)
    form = RfmForm(initial=report.spec if report else None)
    return render(request, "segments/rfm.html", {**_rfm(report), "form": form, "open_job": queries.open_reading()})


def _rfm(report: GroupReport | None) -> dict[str, object]:
    grid = list(zip(RECENCY, reversed(GRID), strict=True))
    if report is None or report.refusal:
        return {"report": report, "grid": grid}
    groups = queries.groups_of(report)
    spec = RfmSpec(**report.spec)
    return {
        "report": report,
        "grid": grid,
        "groups": groups,
        "sizes_chart": charts.sizes_chart(groups),
        "scores_chart": charts.scores_chart(
            groups, queries.score_cells(report), n_recency=spec.recency, n_frequency=spec.frequency
        ),
        "moves_chart": moves_chart(groups),
    }


@require_POST
@permission_required("segments.add_segment", raise_exception=True)
def rfm_score(request: HttpRequest) -> HttpResponse:
    form = RfmForm(request.POST)
    if not form.is_valid():
        report = queries.group_report(GroupReport.Kind.RFM)
        context = {**_rfm(report), "form": form, "open_job": queries.open_reading()}
        return render(request, "segments/rfm.html", context, status=422)
    with transaction.atomic():
        job = start_scoring(spec=form.spec, by=_person(request), at=timezone.now())
        transaction.on_commit(lambda: wake(job))
    messages.success(request, "Scoring customers. This takes less than a minute.")
    return redirect(job)


@require_GET
def lifecycle(request: HttpRequest) -> HttpResponse:
    report = queries.group_report(GroupReport.Kind.LIFECYCLE)
    context = {**_lifecycle(report), "open_job": queries.open_reading()}
    return render(request, "segments/lifecycle.html", context)


def _lifecycle(report: GroupReport | None) -> dict[str, object]:
    if report is None or report.refusal:
        return {"report": report}
    groups = queries.groups_of(report)
    once, again = queries.usual_limits(report)
    rule = report.facts["rule"]
    return {
        "report": report,
        "groups": groups,
        "limits": [("Ordered once", once), ("Ordered five times", again)],
        "horizon_days": rule["horizon_days"],
        "usual_chance": rule["usual_chance"],
        "chosen_on": queries.chosen_on(report),
        "sizes_chart": charts.sizes_chart(groups),
        "moves_chart": moves_chart(groups),
        "came_back_chart": charts.came_back_chart(
            queries.came_back_bars(report, groups),
            horizon_days=rule["horizon_days"],
            chosen_on=queries.chosen_on(report),
            as_of=report.as_of,
        ),
    }


@require_POST
@permission_required("segments.add_segment", raise_exception=True)
def rhythm_read(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        job = start_reading(by=_person(request), at=timezone.now())
        transaction.on_commit(lambda: wake(job))
    messages.success(request, "Reading how customers come and go. This takes about a minute.")
    return redirect(job)


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
