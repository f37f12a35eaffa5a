"""Files that come by themselves: all scheduled sources, one with its ledger of files, and what can be done with it."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.exports import csv_response
from loyalty.forms.sources import SourceForm
from loyalty.models import ImportSource
from loyalty.queries import sources as queries
from loyalty.queries.jobs import job_standing
from loyalty.queries.paging import keyset_page
from loyalty.services.ingest import FileRefused, kinds
from loyalty.services.sources import edits
from loyalty.services.sources.places import PlaceRefused
from loyalty.tasks import wake

PAGE_SIZE = 25
EXPORT_COLUMNS = [
    "Name", "What", "Address", "Files", "Looks", "State", "Files taken", "Last look", "Next look", "What was wrong",
]  # fmt: skip


@require_GET
def sources(request: HttpRequest) -> HttpResponseBase:
    found = queries.source_list()
    if request.GET.get("format") == "csv":
        return csv_response("sources", EXPORT_COLUMNS, map(_export_row, queries.sources(found, _labels())))
    page = keyset_page(found, order="name", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
    context = {"page": page, "sources": queries.sources(page.rows, _labels()), "now": timezone.now()}
    return render(request, "loyalty/sources.html", context)


def _export_row(one: queries.Source) -> list[object]:
    row = one.row
    where = [row.name, one.kind, row.url, row.pattern, one.schedule, one.state_label, one.n_taken]
    return [*where, row.looked_at, row.next_due_at, row.trouble]


@require_GET
@never_cache
def source(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    job = queries.open_visit(found.row)
    files = queries.source_files(found.row)
    context = {
        "source": found,
        "row": found.row,
        "standing": job_standing(job.pk) if job else None,
        "page": keyset_page(files, order="-pk", cursor=request.GET.get("page", ""), size=PAGE_SIZE),
        "now": timezone.now(),
    }
    return render(request, "loyalty/source.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.add_importsource", raise_exception=True)
def source_new(request: HttpRequest) -> HttpResponse:
    return _form(request, ImportSource())


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.change_importsource", raise_exception=True)
def source_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _form(request, _found(pk).row)


def _form(request: HttpRequest, row: ImportSource) -> HttpResponse:
    form = SourceForm(request.POST or None, instance=row)
    if form.is_valid():
        try:
            saved = edits.save_source(source=row, values=form.values(), by=_user(request), at=timezone.now())
        except (PlaceRefused, FileRefused) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"“{saved.name}” is kept.")
            return redirect(saved)
    status = 422 if form.is_bound else 200
    return render(request, "loyalty/source_form.html", {"form": form, "row": row}, status=status)


@require_POST
@permission_required("loyalty.add_ingestrun", raise_exception=True)
def source_visit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(pk).row
    try:
        _visit(row, _user(request))
    except edits.SourceBusy as busy:
        messages.info(request, str(busy))
    return redirect(row)


@transaction.atomic
def _visit(row: ImportSource, by: User) -> None:
    job = edits.visit_now(source=row, by=by, at=timezone.now())
    transaction.on_commit(lambda: wake(job))


@require_POST
@permission_required("loyalty.change_importsource", raise_exception=True)
def source_pause(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, edits.pause_source, "It rests. Nothing is fetched until it goes on.")


@require_POST
@permission_required("loyalty.change_importsource", raise_exception=True)
def source_resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, edits.resume_source, "It looks by itself again.")


def _switch(request: HttpRequest, pk: int, act: Callable[..., None], done: str) -> HttpResponse:
    row = _found(pk).row
    act(source=row, at=timezone.now())
    messages.success(request, done)
    return redirect(row)


@require_POST
@permission_required("loyalty.delete_importsource", raise_exception=True)
def source_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(pk).row
    edits.delete_source(source=row)
    messages.success(request, f"“{row.name}” is gone. What it brought in stays.")
    return redirect("sources")


def _found(pk: int) -> queries.Source:
    found = queries.source_page(pk, _labels())
    if found is None:
        raise Http404("There is no such source.")
    return found


def _labels() -> dict[str, str]:
    return {kind.name: kind.label for kind in kinds()}


def _user(request: HttpRequest) -> User:
    # Nobody gets here without logging in.
    return request.user  # type: ignore[return-value]
