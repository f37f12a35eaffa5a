"""The scoreboard of new products: every forecast beside how many bought."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries.launch_ledger import KINDS, LaunchRow, launch_board, launch_board_charts, launch_rows
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page

COLUMNS = [
    "Product", "Article number", "Known until", "Replayed", "Forecast", "At least (90%)", "At most (90%)",
    "What happened", "Inside", "As launches usually do",
]  # fmt: skip


@require_GET
def launch_scoreboard(request: HttpRequest) -> HttpResponseBase:
    kind = request.GET.get("made", "")
    board = launch_board(kind if kind in KINDS else "")
    entries = board.entries.order_by("-as_of", "-pk")
    if request.GET.get("format") == "csv":
        lines = (_line(LaunchRow(entry)) for entry in entries.iterator(chunk_size=2_000))
        return csv_response("scoreboard-of-new-products", COLUMNS, lines)
    page = keyset_page(entries, order="-as_of", cursor=request.GET.get("page", ""))
    context = {
        "board": board,
        "page": page,
        "rows": launch_rows(page.rows),
        "charts": launch_board_charts(board),
        "kind": kind,
    }
    return render(request, "campaigns/launch_scoreboard.html", context)


def _line(row: LaunchRow) -> list[object]:
    entry = row.entry
    told = [entry.mid, entry.low_90, entry.high_90, row.actual, row.is_inside, entry.usual]
    return [entry.name, entry.sku, entry.as_of, entry.is_replayed, *told]
