from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.queries import home as queries
from loyalty.charts.sales import revenue_chart
from loyalty.queries.orders import data_horizon
from loyalty.queries.sales import sales_version
from loyalty.queries.silence import retention_alert
from loyalty.tasks import freshen_sales

SPAN = 28


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    is_behind = freshen_sales(at=at)
    horizon = data_horizon()
    steps = queries.checklist(has_orders=horizon is not None)
    context = {
        "steps": steps,
        "n_steps_done": sum(step.is_done for step in steps),
        "health": queries.health(at),
        "alert": retention_alert(),
        "horizon": horizon,
        "now": at,
        "sums_are_behind": is_behind,
        **(_figures(horizon, _days(request)) if horizon else {}),
    }
    return render(request, "campaigns/home.html", context)


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, queries.SPANS) else SPAN


def _figures(horizon: datetime, days: int) -> dict[str, object]:
    until, version = queries.last_midnight(horizon), sales_version()
    return {
        "days": days,
        "spans": queries.SPANS,
        "compared": queries.comparison(until, days),
        "currency": version.currency,
        "added_up_at": version.added_up_at,
        "chart": revenue_chart(
            queries.weeks_until(until), queries.campaign_marks(), currency=version.currency, as_of=horizon
        ),
        "receptions": queries.recent_receptions(horizon),
    }
