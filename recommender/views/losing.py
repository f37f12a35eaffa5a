"""Products losing customers: after which first purchase regular customers stay away, and the evidence."""

from collections.abc import Iterator

from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.charts import Chart
from loyalty.charts.silence import Dot, silence_chart
from loyalty.exports import csv_response
from loyalty.models import ProductSilence, SilenceReport, SilentBuyer
from loyalty.queries import products
from loyalty.queries import silence as queries
from loyalty.queries.paging import keyset_page
from loyalty.services.behaviour import open_reading, start_reading
from loyalty.tasks import wake
from recommender.queries.substitutes import best_substitutes

EXPORT_COLUMNS = [
    "sku", "name", "regular first-time buyers", "fell silent", "expected", "times as many", "low (90%)", "high (90%)",
    "false-discovery rate", "stands out",
]  # fmt: skip
EVIDENCE_COLUMNS = [
    "customer", "name", "bought it first on", "visits before", "usual gap, days", "longest usual gap, days",
    "stayed away, days", "back on", "other new products that day",
]  # fmt: skip


@require_GET
def losing_products(request: HttpRequest) -> HttpResponseBase:
    report = queries.newest_report()
    if report is None:
        return render(request, "recommender/losing_products.html", {"open_job": open_reading()})
    show, sort = request.GET.get("show", queries.FLAGGED), request.GET.get("sort", "worst")
    found = queries.product_silences(report, show=show, text=request.GET.get("q", "").strip())
    order = queries.PRODUCT_SORTS.get(sort, queries.PRODUCT_SORTS["worst"])[0]
    if request.GET.get("format") == "csv":
        return csv_response(
            "products-losing-customers", EXPORT_COLUMNS, _cells(found.order_by(order, "pk").iterator(2000))
        )
    page = keyset_page(found, order=order, cursor=request.GET.get("page", ""))
    substitutes = best_substitutes(one.product_id for one in page.rows if one.is_flagged)
    context = {
        "report": report,
        "n_flagged": queries.product_silences(report).count(),
        "page": page,
        "rows": [(one, substitutes.get(one.product_id)) for one in page.rows],
        "shows": queries.PRODUCT_SHOWS,
        "show": show,
        "sorts": queries.PRODUCT_SORTS,
        "sort": sort,
        "is_filtered": any(request.GET.get(name) for name in ("q", "show")),
        "open_job": open_reading(),
        "chart": _chart(report),
    }
    return render(request, "recommender/losing_products.html", context)


def _chart(report: SilenceReport) -> Chart:
    dots = [Dot(*row) for row in queries.silence_dots(report)]
    return silence_chart(dots, as_of=report.as_of)


def _cells(found: Iterator[ProductSilence]) -> Iterator[list[object]]:
    for one in found:
        figures = [one.expected, one.ratio, one.ratio_low, one.ratio_high, one.q]
        rounded = [round(figure, 4) for figure in figures]
        yield [one.product.sku, one.product.name, one.n_buyers, one.observed, *rounded, one.is_flagged]


@require_GET
def product_silence(request: HttpRequest, pk: int) -> HttpResponseBase:
    product, told = products.product_page(pk), queries.product_silence(pk)
    if product is None:
        raise Http404("There is no such product.")
    buyers = queries.silent_buyers(told.report, pk) if told else SilentBuyer.objects.none()
    if request.GET.get("format") == "csv":
        return csv_response(f"silent-after-{product.sku}", EVIDENCE_COLUMNS, _evidence(buyers.iterator(2000)))
    context = {
        "product": product,
        "told": told,
        "page": keyset_page(buyers, order="-bought_on", cursor=request.GET.get("page", "")),
        "substitute": best_substitutes([pk]).get(pk),
    }
    return render(request, "recommender/product_silence.html", context)


def _evidence(buyers: Iterator[SilentBuyer]) -> Iterator[list[object]]:
    for one in buyers:
        gaps = [round(one.usual_gap_days, 1), round(one.allowed_gap_days, 1), one.gap_days]
        who = [one.customer.external_id, one.customer.name, one.bought_on, one.n_visits]
        yield [*who, *gaps, one.back_on, one.n_new_products - 1]


@require_POST
@permission_required("loyalty.add_job", raise_exception=True)
def losing_products_look(request: HttpRequest) -> HttpResponse:
    _start(request)
    return redirect("losing-products")


@transaction.atomic
def _start(request: HttpRequest) -> None:
    job = start_reading(by=request.user, at=timezone.now())  # type: ignore[arg-type]
    transaction.on_commit(lambda: wake(job))
