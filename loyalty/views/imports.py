"""The door for files: all imports, a new one, one with its rejected rows, and what a file looks like."""

from pathlib import PurePath

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.exports import csv_response, returned_response
from loyalty.forms.imports import UploadForm
from loyalty.models import IngestRun
from loyalty.queries import imports as queries
from loyalty.queries.jobs import job_standing
from loyalty.queries.paging import keyset_page
from loyalty.services.imports import begin_draft
from loyalty.services.ingest import FileRefused, kept_path, kinds, template_file
from loyalty.services.ingest.returned import returned_rows
from loyalty.services.ingest.templates import MEDIA_TYPES

PAGE_SIZE = 25
EXPORT_COLUMNS = [
    "What", "From", "State", "Rows", "New", "Changed", "Already known", "Rejected", "Started", "Ended", "Started by",
    "Bad rows", "Bytes", "Fingerprint",
]  # fmt: skip
REJECTED_COLUMNS = ["line", "column", "value", "reason"]


@require_GET
def imports(request: HttpRequest) -> HttpResponseBase:
    chosen = _chosen(request)
    if request.GET.get("format") == "csv":
        found = queries.imports(chosen.order_by("-pk").iterator(chunk_size=500), _labels())
        return csv_response("imports", EXPORT_COLUMNS, (_export_row(one) for one in found))
    page = keyset_page(chosen, order="-pk", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
    context = {
        "page": page,
        "imports": queries.imports(page.rows, _labels()),
        "is_filtered": any(request.GET.get(name) for name in ("kind", "state")),
        "states": IngestRun.State.choices,
        "kinds": kinds(),
        "now": timezone.now(),
    }
    return render(request, "loyalty/imports.html", context)


def _chosen(request: HttpRequest) -> QuerySet[IngestRun]:
    return queries.import_list(kind=request.GET.get("kind", ""), state=request.GET.get("state", ""))


def _labels() -> dict[str, str]:
    return {kind.name: kind.label for kind in kinds()}


def _export_row(one: queries.Import) -> list[object]:
    run = one.run
    counts = [run.n_rows, run.n_created, run.n_updated, run.n_unchanged, run.n_rejected]
    by = run.started_by.get_username() if run.started_by else ""
    return [
        one.kind,
        run.source,
        one.state_label,
        *counts,
        run.started_at,
        run.finished_at,
        by,
        one.mode,
        run.file_size,
        run.fingerprint,
    ]


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.add_ingestrun", raise_exception=True)
def import_new(request: HttpRequest) -> HttpResponse:
    """Keep a file; what becomes of it is asked step by step."""
    if request.method != "POST":
        return _form_page(request, UploadForm(initial={"kind": request.GET.get("kind")}))
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        # Nobody gets here without logging in.
        run = begin_draft(**form.cleaned_data, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    except FileRefused as refusal:
        form.add_error("file", str(refusal))
        return _form_page(request, form, status=422)
    return redirect("import-look", run.pk)


def _form_page(request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    return render(request, "loyalty/import_new.html", {"form": form, "kinds": kinds()}, status=status)


@require_GET
@never_cache
def ingest_run(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    rows = queries.rejected_rows(found.run)
    context = {
        "import": found,
        "run": found.run,
        "standing": job_standing(found.run.job_id) if found.is_open and found.run.job_id else None,
        "page": keyset_page(rows, order="line", cursor=request.GET.get("page", "")),
        "reasons": queries.rejection_reasons(found.run) if found.run.n_rejected else [],
        "next_url": reverse(f"import-{_next_step(found.run)}", args=[pk]),
        "has_upload": kept_path(found.run).exists(),
    }
    return render(request, "loyalty/ingest_run.html", context)


def _next_step(run: IngestRun) -> str:
    """Where a draft is taken up again."""
    return "preview" if run.mapping else "map" if run.reading else "look"


@require_GET
def rejected_rows(request: HttpRequest, pk: int) -> HttpResponseBase:
    run = _found(pk).run
    return csv_response(f"rejected-rows-{run.pk}", REJECTED_COLUMNS, queries.rejected_cells(run))


@require_GET
def rejected_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that were not taken as they stand in the file, to be corrected and sent again."""
    run = _found(pk).run
    try:
        returned = returned_rows(run=run, path=kept_path(run))
    except FileRefused as refusal:
        raise Http404(str(refusal)) from refusal
    name = f"{slugify(PurePath(run.source).stem) or 'rows'}-to-correct"
    return returned_response(name, returned.heading, returned.rows, delimiter=returned.delimiter)


@require_GET
def import_template(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    try:
        content = template_file(kind, form)
    except FileRefused as refusal:
        raise Http404(str(refusal)) from refusal
    response = HttpResponse(content, content_type=MEDIA_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{kind}.{form}"'
    return response


def _found(pk: int) -> queries.Import:
    found = queries.import_page(pk, _labels())
    if found is None:
        raise Http404("There is no such import.")
    return found
