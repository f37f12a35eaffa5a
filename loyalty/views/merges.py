"""Two records of one person: who they may be, side by side, made one, and taken apart again."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.exports import csv_response
from loyalty.models import Customer, CustomerMerge
from loyalty.queries import merges as queries
from loyalty.queries.paging import keyset_page
from loyalty.services.merges import MergeRefused, merge_customers, undo_merge

EXPORT_COLUMNS = ["merged", "into", "reason", "by", "at", "undone by", "undone at"]
OTHER = "other"
LONGEST_REASON = 300
LONGEST_KEY = 18


@permission_required("loyalty.merge_customer", raise_exception=True)
@require_GET
def customer_merges(request: HttpRequest) -> HttpResponseBase:
    state = request.GET.get("state", "")
    found = queries.merge_list(state=state)
    if request.GET.get("format") == "csv":
        return csv_response("merged-customers", EXPORT_COLUMNS, queries.merge_cells(found))
    context = {
        "page": keyset_page(found, order="-pk", cursor=request.GET.get("page", ""), size=25),
        "states": queries.MERGE_STATES,
        "state": state,
        "likely": queries.likely_pairs(),
        "now": timezone.now(),
    }
    return render(request, "loyalty/merges.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.merge_customer", raise_exception=True)
def customer_merge(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    asked = request.POST if request.method == "POST" else request.GET
    other = _customer(asked.get("with", ""))
    if other is None or other == customer:
        return _choose(request, customer)
    kept, gone = (other, customer) if asked.get("keep") == OTHER else (customer, other)
    if request.method == "POST":
        return _merge(request, kept, gone)
    context = {
        "customer": customer,
        "other": other,
        "kept": kept,
        "gone": gone,
        "details": queries.details(kept, gone),
        "holdings": queries.holdings(kept, gone),
        "swapped": "" if kept == other else OTHER,
    }
    return render(request, "loyalty/merge.html", context)


def _choose(request: HttpRequest, customer: Customer) -> HttpResponse:
    text = request.GET.get("q", "")
    context = {"customer": customer, "text": text, "candidates": queries.merge_candidates(customer, text)}
    return render(request, "loyalty/merge_choose.html", context)


def _merge(request: HttpRequest, kept: Customer, gone: Customer) -> HttpResponse:
    reason = request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
    try:
        merge_customers(kept=kept, gone=gone, by=_person(request), at=timezone.now(), reason=reason)
    except MergeRefused as refused:
        messages.error(request, str(refused))
        return redirect("customer-merges")
    messages.success(request, f"{gone} is part of {kept} now. Under “Merged customers” this can be taken back.")
    return redirect(kept)


@require_POST
@permission_required("loyalty.merge_customer", raise_exception=True)
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    merge = get_object_or_404(CustomerMerge, pk=pk)
    try:
        done = undo_merge(merge=merge, by=_person(request), at=timezone.now())
    except MergeRefused as refused:
        messages.error(request, str(refused))
        return redirect("customer-merges")
    messages.success(
        request, f"{done.customer} is a customer of their own again, with {_rows(done.n_rows + done.n_later)}."
    )
    if done.n_lost:
        messages.warning(request, f"{_rows(done.n_lost)} could not come back: what they belonged to is there no more.")
    return redirect(done.customer)


def _rows(n: int) -> str:
    return f"{n:,} record{'' if n == 1 else 's'}"


def _customer(key: str) -> Customer | None:
    is_key = key.isdecimal() and key.isascii() and len(key) <= LONGEST_KEY
    return Customer.objects.filter(pk=int(key)).first() if is_key else None


def _person(request: HttpRequest) -> User:
    # Nobody gets here without logging in.
    return request.user  # type: ignore[return-value]
