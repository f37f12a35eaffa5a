"""What was found in the data, what is done about it, the records behind it, and the word of people on it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.exports import csv_response
from loyalty.models import DataFlag
from loyalty.queries.cleaning import examples as queries
from loyalty.queries.cleaning.findings import Finding, findings
from loyalty.queries.data_reports import Report, data_report
from loyalty.queries.jobs import open_job
from loyalty.queries.paging import keyset_page
from loyalty.services.decisions import NothingToDecide, decide
from loyalty.services.inspection import TASK

PAGE_SIZE = 25
EXPORT_COLUMNS = ["Record", "About", "What is odd", "Decided"]
FINDINGS_COLUMNS = ["What was looked for", "Found", "Money in it", "What is done about it"]
TO_DECIDE = 10


@require_GET
def cleaning(request: HttpRequest) -> HttpResponseBase:
    report = data_report()
    if report and request.GET.get("format") == "csv":
        rows = ([one.title, one.n, one.amount, one.done] for one in report.findings)
        return csv_response("findings", FINDINGS_COLUMNS, rows)
    undecided = queries.undecided_flags()
    context = {
        "report": report,
        "groups": _groups(report) if report else [],
        "to_decide": queries.flag_examples(undecided[:TO_DECIDE]),
        "n_to_decide": undecided.count(),
        "job": open_job(TASK),
        "now": timezone.now(),
    }
    return render(request, "loyalty/cleaning.html", context)


def _groups(report: Report) -> list[tuple[str, list[Finding]]]:
    names = list(dict.fromkeys(one.group for one in report.findings))
    return [(name, [one for one in report.findings if one.group == name]) for name in names]


@require_GET
def finding(request: HttpRequest, check: str) -> HttpResponse:
    found, as_of = _found(check)
    page: Any
    if found.is_flagged:
        page = keyset_page(queries.flags_of(check), order="pk", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
        rows = queries.flag_examples(page.rows)
    else:
        lines = queries.lines_of(check, as_of=as_of)
        page = keyset_page(lines, order="pk", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
        rows = queries.line_examples(page.rows)
    can_decide = check in DataFlag.DECIDED_BY_PEOPLE
    context = {"finding": found, "page": page, "rows": rows, "can_decide": can_decide}
    return render(request, "loyalty/finding.html", context)


@require_GET
def finding_export(request: HttpRequest, check: str) -> HttpResponseBase:
    found, as_of = _found(check)
    cells = queries.flag_cells(check) if found.is_flagged else queries.line_cells(check, as_of=as_of)
    return csv_response(check, EXPORT_COLUMNS, cells)


def _found(check: str) -> tuple[Finding, datetime]:
    """What is looked for by that name, and of when the newest report on it is."""
    report = data_report()
    known = report.findings if report else findings({})
    found = next((one for one in known if one.name == check), None)
    if found is None:
        raise Http404("Nothing of that name is looked for.")
    return found, report.as_of if report else timezone.now()


@require_POST
@permission_required("loyalty.add_flagdecision", raise_exception=True)
def flag_decide(request: HttpRequest, pk: int) -> HttpResponse:
    flag = DataFlag.objects.filter(pk=pk).first()
    try:
        if flag is None:
            raise NothingToDecide("It is no longer found in the data, so there is nothing to decide.")
        # Nobody gets here without logging in.
        decide(flag=flag, verdict=request.POST.get("verdict", ""), by=request.user, at=timezone.now())  # type: ignore[arg-type]
    except NothingToDecide as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Noted. The sums follow when the data are looked at again.")
    return redirect("cleaning")
