"""Regular customers who have fallen silent: the list behind the alert on the first page."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.services.silence import NobodySilent, segment_of_silent
from loyalty.exports import csv_response
from loyalty.queries import silence as queries
from loyalty.queries.paging import keyset_page
from loyalty.services.behaviour import open_reading
from loyalty.services.silence import put_aside

EXPORT_COLUMNS = [
    "customer", "name", "last seen on", "not seen for, days", "visits", "usual gap, days", "longest usual gap, days",
    "expected back by", "spent a month", "give or take",
]  # fmt: skip


@require_GET
def silent_customers(request: HttpRequest) -> HttpResponseBase:
    report = queries.newest_report()
    if report is None:
        return render(request, "campaigns/silent_customers.html", {"open_job": open_reading()})
    show, sort = request.GET.get("show", queries.JUST), request.GET.get("sort", "spend")
    found = queries.silent_customers(report, show=show, text=request.GET.get("q", "").strip())
    if request.GET.get("format") == "csv":
        return csv_response("silent-customers", EXPORT_COLUMNS, queries.silent_customer_cells(found, sort))
    order = queries.CUSTOMER_SORTS.get(sort, queries.CUSTOMER_SORTS["spend"])[0]
    context = {
        "report": report,
        "page": keyset_page(found, order=order, cursor=request.GET.get("page", "")),
        "at_stake": queries.at_stake(found),
        "shows": queries.CUSTOMER_SHOWS,
        "show": show,
        "sorts": queries.CUSTOMER_SORTS,
        "sort": sort,
        "is_filtered": any(request.GET.get(name) for name in ("q", "show")),
    }
    return render(request, "campaigns/silent_customers.html", context)


@require_POST
@permission_required(("campaigns.add_campaign", "segments.add_segment"), raise_exception=True)
def silent_plan(request: HttpRequest) -> HttpResponse:
    """Keep those who just fell silent as a segment, and plan a campaign for it."""
    try:
        segment = segment_of_silent(at=timezone.now())
    except NobodySilent as problem:
        messages.error(request, str(problem))
        return redirect("silent-customers")
    return redirect(f"{reverse('campaign-new')}?segment={segment.pk}")


@require_POST
@permission_required("loyalty.change_job", raise_exception=True)
def silence_put_aside(request: HttpRequest) -> HttpResponse:
    put_aside(at=timezone.now())
    messages.success(request, "Put aside. You are told again when more customers fall silent, or another product.")
    return redirect("home")
