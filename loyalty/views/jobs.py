"""Long work: what runs, waits, failed; how far one job is; cancel it, try it again."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from loyalty.exports import csv_response
from loyalty.models import Job
from loyalty.queries import jobs as queries
from loyalty.queries.job_results import Result, job_results
from loyalty.queries.paging import keyset_page
from loyalty.services import jobs as services
from loyalty.tasks import wake

PAGE_SIZE = 25
EXPORT_COLUMNS = ["Job", "State", "Started by", "Asked for", "Ended", "What was wrong"]


@require_GET
def jobs(request: HttpRequest) -> HttpResponseBase:
    choice = request.GET.get("state", "")
    found = queries.job_list(choice=choice)
    if request.GET.get("format") == "csv":
        rows = (_export_row(job) for job in found.iterator(chunk_size=500))
        return csv_response("jobs", EXPORT_COLUMNS, rows)
    page = keyset_page(found, order="-pk", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
    counts = queries.job_counts()
    context = {
        "page": page,
        "lines": [(standing, _result(standing)) for standing in queries.standings(page.rows)],
        "choice": choice if choice in queries.CHOICES else "",
        "choices": [(name, label, counts[name]) for name, (label, _) in queries.CHOICES.items()],
        "total": sum(counts.values()),
    }
    return render(request, "loyalty/jobs.html", context)


def _export_row(job: Job) -> list[object]:
    by = job.started_by.get_username() if job.started_by else ""
    return [job.label, job.get_state_display(), by, job.created_at, job.finished_at, job.error]


@require_GET
@never_cache
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """A step is shown within the job it belongs to."""
    standing = _found(pk)
    if standing.job.pk != pk:
        return redirect(standing.job)
    context = {"standing": standing, "entries": queries.job_log(standing.job), "results": job_results(standing.parts)}
    return render(request, "loyalty/job.html", context)


@require_GET
@never_cache
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """One job as a line that any page can hold: asked for again while the job is open, then it names the result."""
    standing = _found(pk)
    return render(request, "loyalty/job_progress.html", {"standing": standing, "result": _result(standing)})


def _result(standing: queries.Standing) -> Result | None:
    """What a job has brought in the end: the result of its last step."""
    results = job_results(standing.parts) if standing.job.state == Job.State.DONE else []
    return results[-1] if results else None


@require_POST
@permission_required("loyalty.change_job", raise_exception=True)
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    # The page itself says that it stops, for as long as it does.
    return _act(request, pk, _cancel)


@require_POST
@permission_required("loyalty.change_job", raise_exception=True)
def job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, _retry, "Trying again, from the step that did not succeed.")


def _cancel(job: Job) -> None:
    services.cancel(job, at=timezone.now())


@transaction.atomic
def _retry(job: Job) -> None:
    due = services.retry(job, at=timezone.now())
    transaction.on_commit(lambda: wake(due))


def _act(request: HttpRequest, pk: int, act: Callable[[Job], None], done: str = "") -> HttpResponse:
    whole = _found(pk).job
    try:
        act(whole)
    except (services.JobNotOpen, services.JobNotEnded) as problem:
        messages.error(request, str(problem))
    else:
        if done:
            messages.success(request, done)
    return redirect(whole)


def _found(pk: int) -> queries.Standing:
    standing = queries.job_standing(pk)
    if standing is None:
        raise Http404("There is no such job.")
    return standing
