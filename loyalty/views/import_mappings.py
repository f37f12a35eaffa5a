"""Saved mappings: which columns of a shop's files are which of ours, for the next file of the same layout."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.queries.imports import mapping_list
from loyalty.queries.paging import keyset_page
from loyalty.services.import_choices import forget_mapping
from loyalty.services.ingest import kinds

PAGE_SIZE = 25


@require_GET
def import_mappings(request: HttpRequest) -> HttpResponse:
    page = keyset_page(mapping_list(), order="name", cursor=request.GET.get("page", ""), size=PAGE_SIZE)
    labels = {kind.name: kind.label for kind in kinds()}
    context = {
        "page": page,
        "mappings": [(one, labels.get(one.kind, one.kind)) for one in page.rows],
        "now": timezone.now(),
    }
    return render(request, "loyalty/import_mappings.html", context)


@require_POST
@permission_required("loyalty.add_ingestrun", raise_exception=True)
def import_mapping_delete(request: HttpRequest, pk: int) -> HttpResponse:
    name = forget_mapping(pk=pk)
    if name:
        messages.success(request, f"The mapping “{name}” is deleted.")
    return redirect("import-mappings")
