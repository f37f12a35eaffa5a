"""Somebody pins, blocks or lets go: a relation between two products, or a product as a whole."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loyalty.models import Product
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
    given = {"reason": request.POST.get("reason", ""), "by": request.user, "at": timezone.now()}
    verdict = request.POST.get("verdict", "")
    try:
        if verdict == LIFT:
            rulings.lift_product_rulings(product=product)
        elif verdict == "pinned":
            rulings.pin_product(product=product, placement=request.POST.get("placement", ""), **given)  # type: ignore[arg-type]
        else:
            rulings.block_product(product=product, **given)  # type: ignore[arg-type]
    except rulings.RulingInvalid as problem:
        messages.error(request, str(problem))
    return redirect(product)
