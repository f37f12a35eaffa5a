"""Simulations: the list with the scoreboard, and one result."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.charts.scoreboard import scoreboard_chart
from campaigns.models import AudienceMember
from campaigns.queries import simulations as queries
from campaigns.queries.campaigns import SENT_STATES
from campaigns.queries.simulation_pages import simulation_page_parts
from campaigns.queries.uplift import uplift_verdict
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page

EXPORT_COLUMNS = ["Campaign", "Sent to", "As of", "Forecast", "At least (90%)", "At most (90%)", "What happened"]
MEMBER_COLUMNS = ["Place", "Customer", "Chance", "At least", "At most", "Expected profit", "Reason"]
MEMBERS_SHOWN = 25


@require_GET
def simulations(request: HttpRequest) -> HttpResponseBase:
    text = request.GET.get("q", "").strip()
    found = queries.simulation_list(text=text)
    if request.GET.get("format") == "csv":
        rows = (_export_row(row) for row in queries.rehearsed(found.order_by("-id")))
        return csv_response("simulations", EXPORT_COLUMNS, rows)
    page = keyset_page(found, order="-pk", cursor=request.GET.get("page", ""))
    board = queries.scoreboard()
    record = queries.newest_record()
    context = {
        "page": page,
        "rows": queries.rehearsed(page.rows),
        "scoreboard": board,
        "record": record,
        "chart": scoreboard_chart(record.rows, as_of=record.as_of) if record else None,
        "is_filtered": bool(text),
    }
    return render(request, "campaigns/simulations.html", context)


def _export_row(row: queries.Rehearsed) -> list[object]:
    simulation, forecast, outcome = row.simulation, row.forecast, row.outcome
    expected = [forecast.mid, forecast.low_90, forecast.high_90] if forecast else [None, None, None]
    about = [simulation.campaign.name, simulation.audience.name, simulation.as_of]
    return [*about, *expected, outcome.value if outcome else None]


@require_GET
def simulation(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = queries.simulation_page(pk)
    if found is None:
        raise Http404("There is no such simulation.")
    members = queries.audience_members(found)
    if request.GET.get("format") == "csv":
        lines = (_member_row(member) for member in members.order_by("place").iterator())
        return csv_response(f"audience-of-simulation-{pk}", MEMBER_COLUMNS, lines)
    n_members: int = found.n_members  # type: ignore[attr-defined]
    page = keyset_page(members, order="place", cursor=request.GET.get("page", ""), size=MEMBERS_SHOWN)
    context = {
        "simulation": found,
        "part": simulation_page_parts(found, n_members=n_members),
        "siblings": queries.siblings(found),
        "members": page,
        "has_scores": any(member.score is not None for member in page.rows),
        "was_sent": found.campaign.state in SENT_STATES,
        "n_members": n_members,
        "uplift": uplift_verdict(found.audience),
    }
    return render(request, "campaigns/simulation.html", context)


def _member_row(member: AudienceMember) -> list[object]:
    chance = [member.score, member.score_low, member.score_high]
    return [member.position, member.customer.external_id, *chance, member.expected_profit, member.reason]
