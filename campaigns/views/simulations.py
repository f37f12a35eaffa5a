"""Simulations: the list with the scoreboard, and one result."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries import simulations as queries
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page

MEMBER_COLUMNS = ["Place", "Customer", "Chance", "At least", "At most", "Expected profit", "Reason"]


@require_GET
def simulations(request: HttpRequest) -> HttpResponseBase:
    found = queries.simulation_list(text=request.GET.get("q", "").strip())
    page = keyset_page(found, order="-pk", cursor=request.GET.get("page", ""))
    context = {"page": page, "rows": queries.rehearsed(page.rows), "scoreboard": queries.scoreboard()}
    return render(request, "campaigns/simulations.html", context)


@require_GET
def simulation(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = queries.simulation_page(pk)
    if found is None:
        raise Http404("There is no such simulation.")
    members = queries.audience_members(found)
    if request.GET.get("format") == "csv":
        return csv_response(
            f"audience-of-simulation-{pk}", MEMBER_COLUMNS, (_row(m) for m in members.order_by("place"))
        )
    context = {"simulation": found, "members": keyset_page(members, order="place", cursor=request.GET.get("page", ""))}
    return render(request, "campaigns/simulation.html", context)


def _row(member: object) -> list[object]:
    return [
        getattr(member, name)
        for name in ("position", "customer", "score", "score_low", "score_high", "expected_profit", "reason")
    ]
