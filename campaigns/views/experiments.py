"""Experiments: what was held out on purpose, and so what a campaign can be said to have changed."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.models import Trial
from campaigns.queries.campaigns import holdout_summary
from campaigns.queries.trial_pages import trial_lines
from campaigns.queries.trials import trial_list
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page

EXPORT_COLUMNS = ["Trial", "File", "State", "People", "Rows not taken", "Customers", "Outcome", "Read", "What it says"]


@require_GET
def experiments(request: HttpRequest) -> HttpResponseBase:
    found = trial_list(text=request.GET.get("q", "").strip())
    if request.GET.get("format") == "csv":
        return csv_response("trials", EXPORT_COLUMNS, (_export_row(one) for one in found.iterator(chunk_size=500)))
    page = keyset_page(found, order="-pk", cursor=request.GET.get("page", ""))
    context = {"summary": holdout_summary(), "page": page, "trials": trial_lines(page.rows)}
    return render(request, "campaigns/experiments.html", context)


def _export_row(trial: Trial) -> list[object]:
    (line,) = trial_lines([trial])
    counts = [trial.n_people, trial.n_rejected, trial.n_customers]
    state = trial.get_state_display()
    return [trial.name, trial.source, state, *counts, trial.outcome_name, trial.read_at, line.says]
