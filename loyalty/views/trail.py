"""Who changed what, and what it was before."""

from datetime import date

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from loyalty.exports import csv_response
from loyalty.models import AuditEntry
from loyalty.queries import trail as queries
from loyalty.queries.paging import keyset_page

PAGE_SIZE = 40
# The address' words for what is chosen.
FILTERS = {
    "table": "table", "object_id": "object_id", "key": "object_key", "who": "actor_name", "via": "via",
    "action": "action", "transaction": "transaction",
}  # fmt: skip
EXPORT_COLUMNS = [
    "When", "Who", "How", "Key", "What happened", "What", "Which", "Rows", "Field", "Before", "After", "Reason",
]  # fmt: skip


@require_GET
@permission_required("loyalty.view_auditentry", raise_exception=True)
def changes(request: HttpRequest) -> HttpResponseBase:
    chosen = _chosen(request)
    if request.GET.get("format") == "csv":
        return csv_response("changes", EXPORT_COLUMNS, queries.exported_changes(chosen.order_by("-pk")))
    page = keyset_page(chosen, order="-pk", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
    context = {
        "page": page,
        "changes": queries.changes(page.rows),
        "is_filtered": any(request.GET.get(name) for name in (*FILTERS, "since")),
        "tables": queries.tables(),
        "ways": AuditEntry.Via.choices,
        "actions": AuditEntry.Action.choices,
    }
    return render(request, "loyalty/changes.html", context)


def _chosen(request: HttpRequest) -> QuerySet[AuditEntry]:
    given = {field: request.GET.get(name, "").strip() for name, field in FILTERS.items()}
    return queries.change_list(queries.Chosen(since=_day(request.GET.get("since", "")), **given), user=request.user)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
