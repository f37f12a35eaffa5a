"""What the shop has brought in, how complete and how fresh it is, and which models it can carry."""

from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.charts import Chart
from loyalty.charts.audit import gaps_chart, orders_chart, types_chart
from loyalty.queries import imports as queries
from loyalty.queries.data_reports import Report, data_report
from loyalty.queries.jobs import open_job
from loyalty.services.ingest import kinds
from loyalty.services.inspection import TASK, start_inspection
from loyalty.tasks import freshen_report, freshen_sales, wake


@require_GET
def data(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    freshen_sales(at=now)
    freshen_report(at=now)
    report = data_report()
    labels = {kind.name: kind.label for kind in kinds()}
    last_imports = queries.last_imports()
    context = {
        "imports": queries.newest_imports(labels),
        "report": report,
        "freshness": [(one, last_imports.get(one.kind), one.is_late(now)) for one in report.freshness]
        if report
        else [],
        "intake": queries.intake(),
        "charts": _charts(report) if report else [],
        "job": open_job(TASK),
        "now": now,
    }
    return render(request, "loyalty/data.html", context)


def _charts(report: Report) -> list[Chart]:
    charts = []
    if report.weeks:
        charts += [orders_chart(report.weeks, as_of=report.as_of), gaps_chart(report.gaps, as_of=report.as_of)]
    if report.types:
        charts.append(types_chart(report.types, as_of=report.as_of))
    return charts


@require_POST
@permission_required("loyalty.add_job", raise_exception=True)
@transaction.atomic
def data_inspect(request: HttpRequest) -> HttpResponse:
    # Nobody gets here without logging in.
    job = start_inspection(by=request.user, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))
    return redirect(job)
