"""New products: try one, look at what came out, and make a segment of its likeliest buyers."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.forms import FirstBuyersForm, NewProductForm
from campaigns.models import AudienceMember, NewProductSimulation
from campaigns.queries import new_products as queries
from campaigns.services.first_buyers import segment_of_first_buyers
from campaigns.services.new_products import NewProductInvalid, put_on_sale, start_new_product
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page
from loyalty.tasks import wake

BUYERS_SHOWN = 25
BUYER_COLUMNS = ["Place", "Customer", "Chance", "At least", "At most", "Reason"]


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_simulation", raise_exception=True)
def new_product(request: HttpRequest) -> HttpResponse:
    form = NewProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            job = start_new_product(plan=form.plan(), by=request.user, at=timezone.now())  # type: ignore[arg-type]
            transaction.on_commit(lambda: wake(job))
        return redirect(job)
    page = keyset_page(queries.tries(), order="-pk", cursor=request.GET.get("page", ""))
    context = {"form": form, "categories": queries.category_paths(), "page": page, "rows": queries.tried(page.rows)}
    return render(request, "campaigns/new_product.html", context)


def _found(pk: int) -> NewProductSimulation:
    found = queries.simulation_with_all(pk)
    if found is None:
        raise Http404("There is no such simulation.")
    return found


@require_GET
def new_product_simulation(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = _found(pk)
    buyers = queries.first_buyers(found)
    if request.GET.get("format") == "csv":
        lines = (_row(member) for member in buyers.order_by("position").iterator())
        return csv_response(f"first-buyers-{pk}", BUYER_COLUMNS, lines)
    context = {
        "simulation": found,
        "part": queries.new_product_page(found),
        "buyers": keyset_page(buyers, order="position", cursor=request.GET.get("page", ""), size=BUYERS_SHOWN),
        "n_buyers": buyers.count(),
        "form": FirstBuyersForm(),
        "offers": queries.offers_on(found.new_product),
    }
    return render(request, "campaigns/new_product_simulation.html", context)


def _row(member: AudienceMember) -> list[object]:
    chance = [member.score, member.score_low, member.score_high]
    return [member.position, member.customer.external_id, *chance, member.reason]


@require_POST
@permission_required("campaigns.add_simulation", raise_exception=True)
def new_product_on_sale(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    try:
        put_on_sale(
            product=found.new_product, sku=request.POST.get("sku", ""), by=cast("User", request.user), at=timezone.now()
        )
    except NewProductInvalid as problem:
        messages.error(request, problem.sentence)
    else:
        messages.success(request, "Linked. From its first sale on, what happens stands beside the forecast.")
    return redirect(found)


@require_POST
@permission_required("segments.add_segment", raise_exception=True)
def new_product_segment(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    form = FirstBuyersForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["n"][0]))
        return redirect(found)
    segment = segment_of_first_buyers(simulation=found, n=form.cleaned_data["n"], at=timezone.now())
    if request.POST.get("then") == "campaign" and request.user.has_perm("campaigns.add_campaign"):
        offers = [("offers", offer.pk) for offer in queries.offers_on(found.new_product)]
        return redirect(f"{reverse('campaign-new')}?{urlencode([('segment', segment.pk), *offers])}")
    messages.success(request, f"“{segment.name}” is a segment now, ready to be used in a campaign.")
    return redirect(segment)
