"""The scoreboard: every forecast beside what happened."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries.demographics import newest_decision
from campaigns.queries.launch_ledger import launch_board
from campaigns.queries.scoreboard import BoardRow, board, board_charts, board_page, contenders
from loyalty.exports import csv_response

COLUMNS = [
    "Campaign", "Type", "Customers", "Known until", "Replayed", "Forecast",
    "At least (90%)", "At most (90%)", "What happened", "Inside", "Same as the last of its type",
]  # fmt: skip


@require_GET
def scoreboard(request: HttpRequest) -> HttpResponseBase:
    found = board()
    if request.GET.get("format") == "csv":
        return csv_response("scoreboard", COLUMNS, (_row(row) for row in found.rows))
    page = board_page(found, request.GET.get("page", ""))
    context = {
        "board": found,
        "page": page,
        "rows": page.rows,
        "charts": board_charts(found),
        "contenders": contenders(),
        "demographics": newest_decision(),
        "launches": launch_board(),
    }
    return render(request, "campaigns/scoreboard.html", context)


def _row(row: BoardRow) -> list[object]:
    entry = row.entry
    about = [entry.campaign.name, entry.campaign.type, entry.n_customers, entry.as_of, entry.is_replayed]
    told = [entry.mid, entry.low_90, entry.high_90, row.actual, row.is_inside]
    return [*about, *told, row.rule.mid if row.rule else None]
