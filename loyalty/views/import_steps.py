"""The steps of an import before anything is written: read, map, preview, check, and then import or throw away."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.forms.imports import MappingForm, ReadingForm
from loyalty.models import IngestRun, Job
from loyalty.queries import imports as queries
from loyalty.services import imports as services
from loyalty.services import jobs
from loyalty.services.import_choices import begin_mapping
from loyalty.services.ingest import FileRefused, Mapping, MappingRefused, Reading, kind_named
from loyalty.tasks import wake

needs_right = permission_required("loyalty.add_ingestrun", raise_exception=True)
READING = ("encoding", "delimiter", "sheet")
CHECK_FIRST = "Something was changed since the check. Check everything once more before it is written."
State = IngestRun.State
# Whoever comes back by the browser's button finds what became of it.
ENDED = (State.DONE, State.DISCARDED)


@require_http_methods(["GET", "POST"])
@needs_right
@never_cache
def import_look(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(pk)
    if run.state in ENDED:
        return redirect(run)
    told = request.POST if request.method == "POST" else request.GET
    reading = Reading.from_json({name: told[name] for name in READING if told.get(name)} or run.reading)
    if request.method == "POST":
        return _do(request, run, lambda: services.choose_reading(run=run, reading=reading), "import-map")
    context = {"run": run, "kind": kind_named(run.kind), **_looked_at(run, reading)}
    return render(request, "loyalty/import_look.html", context)


def _looked_at(run: IngestRun, reading: Reading) -> dict[str, object]:
    """The file as read, or why it cannot be read this way; with what can be chosen in both cases."""
    try:
        look = services.look_at_draft(run, reading)
    except FileRefused as refusal:
        return {"refusal": str(refusal), "form": _other_ways(run, reading)}
    return {"look": look, "rows": list(zip(look.lines, look.rows, strict=True)), "form": ReadingForm(look)}


def _other_ways(run: IngestRun, reading: Reading) -> ReadingForm | None:
    try:
        return ReadingForm(services.look_at_draft(run, Reading()), chosen=reading)
    except FileRefused:
        return None


@require_http_methods(["GET", "POST"])
@needs_right
@never_cache
def import_map(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(pk)
    if run.state in ENDED:
        return redirect(run)
    try:
        look = services.look_at_draft(run)
    except FileRefused as refusal:
        return _unreadable(request, run, refusal)
    saved = queries.saved_mappings(run.kind)
    begun = begin_mapping(run=run, look=look, saved=saved, asked=request.GET.get("mapping", ""))
    form = MappingForm(kind_named(run.kind), look, begun.mapping, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _decide(request, run, form)
        except MappingRefused as refused:
            form.tell(refused)
    context = {"run": run, "kind": form.kind, "form": form, "saved": saved, "applied": begun.applied}
    return render(request, "loyalty/import_map.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _decide(request: HttpRequest, run: IngestRun, form: MappingForm) -> HttpResponse:
    mapping, name = form.mapping(), form.cleaned_data["save_as"]
    answer = _do(request, run, lambda: services.choose_mapping(run=run, mapping=mapping), "import-preview")
    if name:
        kept = services.save_mapping(kind=run.kind, name=name, mapping=mapping, by=_by(request), at=timezone.now())
        messages.success(request, f"Saved as the mapping “{kept.name}”.")
    return answer


@require_GET
@needs_right
@never_cache
def import_preview(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(pk)
    if run.state in ENDED:
        return redirect(run)
    if not run.mapping:
        return redirect("import-map", run.pk)
    try:
        preview = services.preview_draft(run, at=timezone.now())
    except FileRefused as refusal:
        return _unreadable(request, run, refusal)
    theirs = {ours: f"from {name}" for ours, name in Mapping.from_json(run.mapping).targets.items()}
    fixed = dict.fromkeys(run.mapping["constants"], "the same in all rows")
    context = {
        "run": run,
        "preview": preview,
        "columns": [(name, {**theirs, **fixed}.get(name, "")) for name in preview.columns],
        "n_wrong": sum(not row.is_taken for row in preview.rows),
    }
    return render(request, "loyalty/import_preview.html", context)


@require_POST
@needs_right
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(pk)
    if run.state == State.CHECKING:
        # The button was pressed twice.
        return redirect(run)
    return _begin(request, run, services.start_check)


@require_POST
@needs_right
def import_start(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(pk)
    if run.state == State.CHECKED:
        return _begin(request, run, services.start_import)
    if run.state == State.DRAFT:
        messages.warning(request, CHECK_FIRST)
    return redirect(run)


@require_POST
@needs_right
def import_stop(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(pk)
    if run.job is not None and run.job.is_open:
        jobs.cancel(run.job, at=timezone.now())
    return redirect(run)


@require_POST
@needs_right
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(pk)
    return _do(request, run, lambda: services.discard_import(run=run, at=timezone.now()), "ingest-run")


@transaction.atomic
def _begin(request: HttpRequest, run: IngestRun, start: Callable[..., Job]) -> HttpResponse:
    def begin() -> None:
        job = start(run=run, by=_by(request), at=timezone.now())
        transaction.on_commit(lambda: wake(job))

    return _do(request, run, begin, "ingest-run")


def _do(request: HttpRequest, run: IngestRun, act: Callable[[], object], then: str) -> HttpResponse:
    """Go on to the page `then`, or back to the import with the reason why nothing can be decided any more."""
    try:
        act()
    except services.ImportNotOpen as problem:
        messages.warning(request, str(problem))
        return redirect(run)
    except MappingRefused:
        raise
    except FileRefused as refusal:
        return _unreadable(request, run, refusal)
    return redirect(then, run.pk)


def _unreadable(request: HttpRequest, run: IngestRun, refusal: FileRefused) -> HttpResponse:
    context = {"run": run, "kind": kind_named(run.kind), "refusal": str(refusal), "form": _other_ways(run, Reading())}
    return render(request, "loyalty/import_look.html", context, status=200 if request.method == "GET" else 422)


def _by(request: HttpRequest) -> User:
    # Nobody gets here without logging in.
    return request.user  # type: ignore[return-value]


def _run(pk: int) -> IngestRun:
    run = queries.import_list().filter(pk=pk).first()
    if run is None:
        raise Http404("There is no such import.")
    return run
