"""Somebody pins, blocks or lets go: a relation between two products, or a product as a whole."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loyalty.models import Product
from recommender.models import Verdict
from recommender.models.placements import PLACEMENTS
from recommender.services import rulings

LIFT = "lift"


@require_POST
@permission_required("recommender.add_relationruling", raise_exception=True)
def relation_rule(request: HttpRequest, pk: int) -> HttpResponse:
    product, other = get_object_or_404(Product, pk=pk), _other(request)
    try:
        if other is None:
            raise rulings.RulingInvalid("Other product: there is no product with this SKU.")
        messages.success(request, _rule(request, product, other))
    except rulings.RulingInvalid as problem:
        messages.error(request, str(problem))
    return redirect(f"{product.get_absolute_url()}#relations")


def _rule(request: HttpRequest, product: Product, other: Product) -> str:
    kind, verdict = request.POST.get("kind", ""), request.POST.get("verdict", "")
    if verdict == LIFT:
        rulings.lift_relation_ruling(product=product, other=other, kind=kind)
        return f"What the orders say decides again about “{other}”."
    ruling = rulings.rule_relation(
        product=product,
        other=other,
        kind=kind,
        verdict=verdict,
        reason=request.POST.get("reason", ""),
        by=request.user,  # type: ignore[arg-type]
        at=timezone.now(),
    )
    return f"{ruling.get_verdict_display()}: “{other}” – {ruling.get_kind_display().lower()}."


def _other(request: HttpRequest) -> Product | None:
    key, sku = request.POST.get("other", ""), request.POST.get("sku", "").strip()
    if key.isdecimal() and len(key) < 19:
        return Product.objects.filter(pk=int(key)).first()
    return Product.objects.filter(sku=sku.replace("\0", "")).first() if sku else None


@require_POST
@permission_required("recommender.add_productruling", raise_exception=True)
def product_rule(request: HttpRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=pk)
    try:
        messages.success(request, _rule_product(request, product))
    except rulings.RulingInvalid as problem:
        messages.error(request, str(problem))
    return redirect(product)


def _rule_product(request: HttpRequest, product: Product) -> str:
    given: dict[str, Any] = {"reason": request.POST.get("reason", ""), "by": request.user, "at": timezone.now()}
    verdict = request.POST.get("verdict", "")
    if verdict == LIFT:
        rulings.lift_product_rulings(product=product)
        return f"“{product}” is recommended as before."
    if verdict == Verdict.PINNED:
        ruling = rulings.pin_product(product=product, placement=request.POST.get("placement", ""), **given)
        return f"“{product}” comes first: {PLACEMENTS[ruling.placement].label}."
    if verdict == Verdict.BLOCKED:
        rulings.block_product(product=product, **given)
        return f"“{product}” is recommended nowhere from now on."
    raise rulings.RulingInvalid("Say whether to show it first, never, or as before.")
