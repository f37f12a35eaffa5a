"""New products: what is known of one as the engine wants it, what was forecast, and what came of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Min, Prefetch, QuerySet

from campaigns.charts.intervals import IntervalRow, Words, interval_chart
from campaigns.charts.launches import taking_chart, weeks_chart
from campaigns.models import AudienceMember, NewProduct, NewProductForecast, NewProductSimulation, Offer
from loyalty.charts import Chart
from loyalty.models import Category, OrderLine
from loyalty.queries.orders import data_horizon
from recommender.engine.attributes import Attributes
from recommender.queries.descriptions import LEVELS

# What a product is, the narrowest first.
LADDER = tuple(f"category_{level}" for level in range(LEVELS, 0, -1))
MAKER = "brand"
MOST_CATEGORIES = 5_000
MOST_OFFERS = 20
Metric = NewProductForecast.Metric


def facts_of(product: NewProduct) -> Attributes:
    """A row of facts, named as those of the catalogue are."""
    steps = product.category.path.split(" > ")
    labels = {f"category_{level + 1}": " > ".join(steps[: level + 1]) for level in range(LEVELS)}
    told = {name: value for name, value in product.attributes.items() if isinstance(value, str) and name != "text"}
    words = {**told, **labels, MAKER: product.brand}
    return Attributes(
        1,
        {name: np.array([value]) for name, value in words.items()},
        {"price": np.array([float(product.price)], dtype=np.float32)},
        np.array([f"{product.name} {product.text}".strip()]),
    )


def category_paths() -> list[str]:
    """To choose from while typing."""
    return list(Category.objects.order_by("path").values_list("path", flat=True)[:MOST_CATEGORIES])


@dataclass(frozen=True)
class Actual:
    """What came of a product once it was sold."""

    n_buyers: int
    first_sold_at: datetime
    observed_until: datetime
    is_complete: bool


@dataclass(frozen=True)
class Tried:
    """One simulation with its number of buyers."""

    simulation: NewProductSimulation
    buyers: NewProductForecast | None
    actual: Actual | None


def tries() -> QuerySet[NewProductSimulation]:
    """All simulations with what their list shows."""
    forecasts = NewProductForecast.objects.filter(metric=Metric.BUYERS)
    rows = NewProductSimulation.objects.select_related("new_product__category")
    return rows.prefetch_related(Prefetch("forecasts", forecasts, to_attr="of_buyers"))


def tried(rows: Sequence[NewProductSimulation]) -> list[Tried]:
    """Put beside each what came of it, in as many queries for many as for one."""
    actuals = actual_buyers(rows)
    return [Tried(row, next(iter(row.of_buyers), None), actuals.get(row.pk)) for row in rows]  # type: ignore[attr-defined]


def actual_buyers(simulations: Sequence[NewProductSimulation]) -> dict[int, Actual]:
    """Buyers of the products that came to be sold, by simulation."""
    horizon = data_horizon()
    skus = {row.new_product.sku for row in simulations if row.new_product.sku}
    if not skus or horizon is None:
        return {}
    came = _first_purchases(skus)
    found = {}
    for row in simulations:
        moments = came.get(row.new_product.sku, [])
        # A product that was sold already when it was tried tells nothing of the forecast.
        if moments and min(moments) >= row.as_of:
            begun = min(moments)
            until = begun + timedelta(days=row.outcome_days)
            n_buyers = sum(moment < until for moment in moments)
            found[row.pk] = Actual(n_buyers, begun, min(horizon, until), horizon >= until)
    return found


def _first_purchases(skus: Collection[str]) -> dict[str, list[datetime]]:
    """When each customer bought each product first."""
    bought = OrderLine.objects.filter(product__sku__in=skus, quantity__gt=0, order__customer__isnull=False)
    rows = bought.values_list("product__sku", "order__customer").annotate(first=Min("order__ordered_at"))
    came: dict[str, list[datetime]] = {}
    for sku, _, first in rows:
        came.setdefault(sku, []).append(first)
    return came


def simulation_with_all(pk: int) -> NewProductSimulation | None:
    rows = NewProductSimulation.objects.select_related("new_product__category", "audience")
    return rows.prefetch_related("forecasts").filter(pk=pk).first()


def first_buyers(simulation: NewProductSimulation) -> QuerySet[AudienceMember]:
    """The likeliest buyers, best first."""
    return AudienceMember.objects.filter(audience=simulation.audience_id).select_related("customer")


def offers_on(product: NewProduct) -> list[Offer]:
    """What is promised on it, newest first."""
    return list(product.offers.order_by("-pk")[:MOST_OFFERS])


@dataclass(frozen=True)
class NewProductPage:
    """What the page of one simulation shows besides the list of buyers."""

    figures: Mapping[str, NewProductForecast]
    cards: Sequence[NewProductForecast]
    actual: Actual | None
    charts: Mapping[str, Chart]
    evidence: Mapping[str, Any]
    weeks: int

    @property
    def buyers(self) -> NewProductForecast:
        return self.figures[Metric.BUYERS]

    @property
    def is_inside(self) -> bool | None:
        """Whether what happened lay in the interval; None while it is not known."""
        if self.actual is None or not self.actual.is_complete:
            return None
        return self.buyers.low_90 <= self.actual.n_buyers <= self.buyers.high_90


def new_product_page(simulation: NewProductSimulation) -> NewProductPage:
    figures = {forecast.metric: forecast for forecast in simulation.forecasts.all()}
    actual = actual_buyers([simulation]).get(simulation.pk)
    charts = {"counts": _counts(simulation, figures, actual), **_curves(simulation)}
    return NewProductPage(
        figures, list(figures.values()), actual, charts, simulation.evidence, simulation.outcome_days // 7
    )


def _counts(
    simulation: NewProductSimulation, figures: Mapping[str, NewProductForecast], actual: Actual | None
) -> Chart:
    buyers = figures[Metric.BUYERS]
    answer = (
        f"Most likely {buyers.mid:,.0f} customers within {simulation.outcome_days // 7} weeks, 9 times out of 10 "
        f"between {buyers.low_90:,.0f} and {buyers.high_90:,.0f}."
    )
    unit = "Customers and pieces; buyers tested on past launches. The darker a bar, the likelier: 95, 90, 80, 50%"
    words = Words("How many would buy it?", answer, unit, "how-many", simulation.as_of)
    naive = {90: (buyers.naive_low_90 or 0.0, buyers.naive_high_90 or 0.0)}
    happened = float(actual.n_buyers) if actual else None
    rows = [
        IntervalRow(buyers.get_metric_display(), buyers.mid, buyers.intervals, happened),
        IntervalRow("… if each decided alone", None, naive, happened),
        IntervalRow(
            figures[Metric.UNITS].get_metric_display(), figures[Metric.UNITS].mid, figures[Metric.UNITS].intervals
        ),
    ]
    return interval_chart(rows, words)


def _curves(simulation: NewProductSimulation) -> dict[str, Chart]:
    curves, found = simulation.curves, {}
    if curves.get("weeks"):
        found["weeks"] = weeks_chart(curves["weeks"], as_of=simulation.as_of)
    if curves.get("takes_from", {}).get("products"):
        found["takes_from"] = taking_chart(curves["takes_from"], as_of=simulation.as_of)
    return found
