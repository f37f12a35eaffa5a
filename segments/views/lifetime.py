"""What customers are expected to order and spend, and whether earlier expectations were right."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page
from segments.charts import lifetime as charts
from segments.models import LifetimeReport
from segments.queries import lifetime as queries
from segments.queries.groups import open_reading


@require_GET
def lifetime(request: HttpRequest) -> HttpResponseBase:
    report, sort = queries.lifetime_report(), request.GET.get("sort", "most")
    if report is None or report.refusal:
        return render(request, "segments/lifetime.html", {"report": report, "open_job": open_reading()})
    if request.GET.get("format") == "csv":
        return csv_response("lifetime", list(queries.MODEL_COLUMNS), queries.prediction_cells(sort))
    cursor = request.GET.get("page", "")
    context = {
        "report": report,
        "open_job": open_reading(),
        "warnings": queries.warnings_of(report),
        "page": keyset_page(queries.predictions(), order=queries.order_of(sort), cursor=cursor, size=25),
        "sorts": queries.SORTS,
        "sort": sort,
        **_checked(report),
    }
    return render(request, "segments/lifetime.html", context)


def _checked(report: LifetimeReport) -> dict[str, object]:
    held = queries.held_out(report)
    return {
        "held": held,
        "orders_chart": charts.orders_chart(held.by_orders, days=held.days, as_of=report.as_of),
        "spend_chart": charts.spend_chart(held.by_spend, days=held.days, currency=report.currency, as_of=report.as_of),
    }
