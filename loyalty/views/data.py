from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.exports import csv_response
from loyalty.forms import UploadForm
from loyalty.models import IngestRun, Job
from loyalty.queries import imports
from loyalty.queries.audit import data_audit
from loyalty.queries.paging import keyset_page
from loyalty.services.ingest import FileRefused, accept_upload, kinds, template_csv
from loyalty.services.jobs import create_job
from loyalty.tasks import freshen_sales, wake

PAGE_SIZE = 15
REJECTED_COLUMNS = ["line", "column", "value", "reason"]


@require_http_methods(["GET", "POST"])
def data(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _upload(request)
    return _page(request, UploadForm())


def _page(request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    freshen_sales(at=now)
    page = keyset_page(imports.import_list(), order="-pk", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
    context = {"page": page, "form": form, "kinds": kinds(), "audit": data_audit(), "now": now}
    return render(request, "loyalty/data.html", context, status=status)


@permission_required("loyalty.add_ingestrun", raise_exception=True)
def _upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        run = _start_import(form, request.user, timezone.now())  # type: ignore[arg-type]
    except FileRefused as refusal:
        form.add_error("file", str(refusal))
        return _page(request, form, status=422)
    messages.success(request, "The file is kept and being taken in.")
    return redirect(run)


@transaction.atomic
def _start_import(form: UploadForm, by: User, at: datetime) -> IngestRun:
    given = form.cleaned_data
    run = accept_upload(
        kind=given["kind"], file=given["file"], by=by, at=at, unknown_products=given["unknown_products"]
    )
    job = create_job(
        task="loyalty.ingest", label=f"Import {run.kind} from {run.source}", params={"run_id": run.pk}, by=by, at=at
    )
    _tie(run, job)
    transaction.on_commit(lambda: wake(job))
    return run


def _tie(run: IngestRun, job: Job) -> None:
    run.job = job
    run.save(update_fields=["job"])


@require_GET
def ingest_run(request: HttpRequest, pk: int) -> HttpResponse:
    run = _found(pk)
    rows = imports.rejected_rows(run)
    page = keyset_page(rows, order="line", cursor=request.GET.get("page", ""))
    name = "loyalty/ingest_run_body.html" if request.headers.get("HX-Request") else "loyalty/ingest_run.html"
    return render(request, name, {"run": run, "page": page, "now": timezone.now()})


@require_GET
def rejected_rows(request: HttpRequest, pk: int) -> HttpResponseBase:
    run = _found(pk)
    return csv_response(f"rejected-rows-{run.pk}", REJECTED_COLUMNS, imports.rejected_cells(run))


@require_GET
def import_template(request: HttpRequest, kind: str) -> HttpResponse:
    try:
        text = template_csv(kind)
    except FileRefused as refusal:
        raise Http404(str(refusal)) from refusal
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return response


def _found(pk: int) -> IngestRun:
    run = imports.import_page(pk)
    if run is None:
        raise Http404("There is no such import.")
    return run
