from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.queries import customers as queries
from campaigns.queries.assignments import customer_offers
from loyalty.charts import Chart
from loyalty.charts.sales import Part, Takings, mix_chart, months_chart
from loyalty.exports import csv_response
from loyalty.models import Customer
from loyalty.queries import customers as sums
from loyalty.queries.consents import consents_as_of
from loyalty.queries.opinions import opinions_of
from loyalty.queries.orders import data_horizon
from loyalty.queries.paging import keyset_page
from loyalty.tasks import freshen_sales
from loyalty.templatetags.formats import money
from recommender.services.online import served_recommendations
from segments.charts.lifetime import curve_chart
from segments.queries.lifetime import curve_points
from segments.queries.members import current_segments, current_segments_of
from segments.queries.standing import CustomerStanding, customer_standing

EXPORT_COLUMNS = ["customer", "name", "orders", "spend", "currency", "last ordered at", "segment"]
# What the shop's home page would show them.
PLACE = "home"
ORDERS_SHOWN = 12
TAKEN_SHOWN = 12


@require_GET
def customers(request: HttpRequest) -> HttpResponseBase:
    is_behind = freshen_sales(at=timezone.now())
    sort, asked = request.GET.get("sort", "spend"), request.GET.get("segment", "")
    segment_id = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    found = queries.customer_list(text=request.GET.get("q", "").strip(), segment_id=segment_id)
    if request.GET.get("format") == "csv":
        return csv_response("customers", EXPORT_COLUMNS, queries.customer_cells(found, sort))
    page = keyset_page(found, order=queries.order_of(sort), cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "rows": queries.customer_rows(page.rows),
        "n_found": found.count(),
        "segments": current_segments(),
        "segment_id": segment_id,
        "sorts": queries.SORTS,
        "sort": sort,
        "now": data_horizon() or timezone.now(),
        "sums_are_behind": is_behind,
        "is_filtered": any(request.GET.get(name) for name in ("q", "segment")),
    }
    return render(request, "campaigns/customers.html", context)


@require_GET
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    customer = queries.customer_page(pk)
    if customer is None:
        raise Http404("There is no such customer.")
    now = data_horizon() or timezone.now()
    orders = sums.customer_orders(customer)
    standing = customer_standing(customer)
    context = {
        "customer": customer,
        "sales": sums.customer_sales(customer),
        "segment": current_segments_of([customer.pk]).get(customer.pk),
        "orders": keyset_page(orders, order="-ordered_at", cursor=request.GET.get("page", ""), size=ORDERS_SHOWN),
        "next_offers": customer_offers(customer, at=timezone.now()),
        "recommended": served_recommendations(customer, PLACE, timezone.now()),
        "opinions": opinions_of(customer),
        "received": queries.campaigns_received(customer),
        "taken": queries.offers_taken(customer)[:TAKEN_SHOWN],
        "consents": consents_as_of([customer.pk], timezone.now()),
        "old_keys": customer.aliases.all(),
        "now": now,
        "standing": standing,
        "lifetime_chart": _lifetime(customer, standing),
        **_charts(customer, now),
    }
    return render(request, "campaigns/customer.html", context)


def _lifetime(customer: Customer, standing: CustomerStanding) -> Chart | None:
    expected = standing.prediction
    points = curve_points(customer, expected) if expected else []
    if expected is None or not points:
        return None
    low, high = (money(value, expected.currency) for value in (points[-1].low, points[-1].high))
    told = f"About {money(points[-1].spend, expected.currency)} within twelve months, between {low} and {high}."
    return curve_chart(points, told=told, currency=expected.currency, as_of=expected.as_of)


def _charts(customer: Customer, as_of: datetime) -> dict[str, Chart]:
    currency = sums.currency_of(customer)
    return {
        "spend_chart": months_chart(
            [Takings(*month) for month in sums.spend_by_month(customer)],
            question="How much does this customer spend?",
            currency=currency,
            as_of=as_of,
            name="spend",
        ),
        "mix_chart": mix_chart(
            [Part(*part) for part in sums.category_mix(customer)],
            question="What does this customer buy?",
            currency=currency,
            as_of=as_of,
            name="categories",
        ),
    }
