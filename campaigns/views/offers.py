"""Offers: the list, one offer, a new one."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.forms import OfferForm
from campaigns.models import NewProduct, Offer
from campaigns.queries import offers as queries
from campaigns.services.offers import create_offer
from loyalty.exports import csv_response
from loyalty.queries.paging import keyset_page

EXPORT_COLUMNS = [
    "Offer",
    "Kind",
    "Products",
    "Campaigns",
    "Customers of its campaigns",
    "Times taken",
    "Cost of one use",
]


@require_GET
def offers(request: HttpRequest) -> HttpResponseBase:
    text, mechanic = request.GET.get("q", "").strip(), request.GET.get("mechanic", "")
    found = queries.offer_list(text=text, mechanic=mechanic)
    if request.GET.get("format") == "csv":
        return csv_response("offers", EXPORT_COLUMNS, (_export_row(offer) for offer in found.iterator()))
    order = "-n_redeemed" if request.GET.get("sort") == "taken" else "-pk"
    context = {
        "page": keyset_page(found, order=order, cursor=request.GET.get("page", "")),
        "total": queries.offer_count(text=text, mechanic=mechanic),
        "mechanics": Offer.Mechanic.choices,
        "is_filtered": bool(text or mechanic),
        "summary": queries.offer_summary(),
    }
    return render(request, "campaigns/offers.html", context)


def _export_row(offer: Offer) -> list[object]:
    counts = [offer.n_products, offer.n_campaigns, offer.n_sent, offer.n_redeemed]  # type: ignore[attr-defined]
    return [offer.name, offer.get_mechanic_display(), *counts, offer.cost_per_redemption]


@require_GET
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.offer_page(pk)
    if found is None:
        raise Http404("There is no such offer.")
    products = keyset_page(queries.offer_products(found), order="pk", cursor=request.GET.get("page", ""), size=25)
    context = {
        "offer": found,
        "products": products,
        "planned": queries.planned_of(found),
        "uses": queries.offer_uses(found),
    }
    return render(request, "campaigns/offer.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_offer", raise_exception=True)
def offer_new(request: HttpRequest) -> HttpResponse:
    planned = queries.planned_product(request.POST.get("new_product") or request.GET.get("new_product", ""))
    form = OfferForm(request.POST or None, initial={"mechanic": Offer.Mechanic.COUPON, **_facts(planned)})
    if request.method == "POST" and form.is_valid():
        made = create_offer(plan=form.plan())
        messages.success(request, f"“{made.name}” can now be used in a campaign.")
        return redirect("offer", made.pk)
    return render(request, "campaigns/offer_new.html", {"form": form, "planned": planned})


def _facts(planned: NewProduct | None) -> dict[str, object]:
    """What a product that is not on sale yet says of an offer on it."""
    if planned is None:
        return {}
    return {"new_product": planned.pk, "name": planned.name}
