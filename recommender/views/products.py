from collections.abc import Iterator
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from loyalty.charts import Chart
from loyalty.charts.sales import Takings, months_chart
from loyalty.exports import csv_response
from loyalty.models import Product
from loyalty.queries import products as queries
from loyalty.queries.customers import departments
from loyalty.queries.opinions import opinions_on
from loyalty.queries.orders import data_horizon
from loyalty.queries.paging import keyset_page
from loyalty.queries.reviews import reception_of
from loyalty.queries.silence import product_silence
from loyalty.tasks import freshen_sales
from recommender.charts.learning import neighbours_chart
from recommender.charts.places import places_chart
from recommender.models.placements import PLACEMENTS
from recommender.queries import neighbours, places
from recommender.queries.relations import relations_of_product
from recommender.queries.rulings import rulings_on
from recommender.queries.stock import is_out, replacements_of

EXPORT_COLUMNS = ["sku", "name", "category", "brand", "revenue", "currency", "customers who bought it"]


@require_GET
def products(request: HttpRequest) -> HttpResponseBase:
    is_behind = freshen_sales(at=timezone.now())
    show, sort = request.GET.get("show", queries.SOLD), request.GET.get("sort", "sales")
    found = queries.product_list(text=request.GET.get("q", "").strip(), department_id=_department(request), show=show)
    if request.GET.get("format") == "csv":
        return csv_response("products", EXPORT_COLUMNS, _cells(queries.in_order(found, sort)))
    page = keyset_page(found, order=queries.order_of(sort), cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "departments": departments(),
        "sorts": queries.SORTS,
        "shows": queries.SHOWS,
        "show": show,
        "sort": sort,
        "sums_are_behind": is_behind,
        "is_filtered": any(request.GET.get(name) for name in ("q", "department", "show")),
    }
    return render(request, "recommender/products.html", context)


def _department(request: HttpRequest) -> int | None:
    asked = request.GET.get("department", "")
    return int(asked) if asked.isdecimal() and len(asked) < 10 else None


def _cells(found: Iterator[Product]) -> Iterator[list[object]]:
    for one in found:
        category = one.category.path if one.category else ""
        yield [one.sku, one.name, category, one.brand, one.revenue, one.currency, one.n_customers]  # type: ignore[attr-defined]


@require_GET
def product(request: HttpRequest, pk: int) -> HttpResponse:
    product = queries.product_page(pk)
    if product is None:
        raise Http404("There is no such product.")
    as_of = data_horizon() or timezone.now()
    related = neighbours.neighbours_of_product(product)
    context = {
        "product": product,
        "sales": queries.product_sales(product),
        "sales_chart": _sales_chart(product, as_of),
        "neighbours": related,
        "neighbours_chart": neighbours_chart(str(product), related.for_chart, as_of=related.as_of) if related else None,
        "relations": relations_of_product(product),
        "rulings": rulings_on(product),
        "placements": PLACEMENTS.values(),
        "is_out": is_out(product),
        "replacements": replacements_of(product),
        "opinions": opinions_on(product),
        "reception": reception_of(product),
        "silence": product_silence(pk),
        "n_recommended": neighbours.count_recommended(product),
    }
    return render(request, "recommender/product.html", context)


def _sales_chart(product: Product, as_of: datetime) -> Chart:
    return months_chart(
        [Takings(*month) for month in queries.sales_by_month(product)],
        question="How is it selling?",
        currency=product.currency,
        as_of=as_of,
        name="product-sales",
    )


@require_GET
def product_map(request: HttpRequest) -> HttpResponse:
    found = places.product_map()
    chart = None
    if found is not None:
        chart = places_chart(found.places, same_share=found.same_share, by_chance=found.by_chance, as_of=found.as_of)
    return render(request, "recommender/product_map.html", {"chart": chart})
