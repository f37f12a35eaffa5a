"""Experiments: what was held out on purpose, and so what a campaign can be said to have changed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns.queries.campaigns import holdout_summary


@require_GET
def experiments(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/experiments.html", {"summary": holdout_summary()})
