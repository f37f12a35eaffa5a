"""What the demo's summary tells: what is in the tables beside what was published, and what was learned from it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from campaigns.models import AudienceMember, Campaign, Forecast, OfferProduct, Outcome, Redemption, Simulation
from campaigns.sources import complete_journey
from loyalty.models import Customer, OrderLine, Product
from recommender.models import ModelVersion
from segments.models import Segmentation


@dataclass(frozen=True)
class Count:
    """One table of the published data, and the rows of ours that hold it."""

    name: str
    published: int | Decimal
    loaded: int | Decimal
    difference: str = ""


def published_counts() -> list[Count]:
    """Every published count beside what is there. A difference that stays has its reason."""
    counts = complete_journey.PUBLISHED
    sales = OrderLine.objects.aggregate(total=Sum("amount"))["total"] or 0
    imported = Campaign.objects.exclude(external_id=None).exclude(external_id__startswith=Campaign.OWN)
    members = AudienceMember.objects.filter(audience__campaigns__in=imported)
    unknown = Product.objects.filter(is_catalogued=False)
    n_bought = unknown.filter(Exists(OrderLine.objects.filter(product=OuterRef("pk")))).count()
    repeated = complete_journey.n_repeated_coupons()
    return [
        Count("households", counts["households"], Customer.objects.count()),
        Count("order lines", counts["transactions"], OrderLine.objects.count()),
        Count("sales", Decimal(complete_journey.PUBLISHED_SALES), sales),
        Count(
            "products",
            counts["products"],
            Product.objects.count(),
            f"{n_bought} that orders and {unknown.count() - n_bought} that only coupons name are not in the catalogue",
        ),
        Count(
            "coupons on products",
            counts["coupons"],
            OfferProduct.objects.count(),
            f"{repeated:,} published rows say the same twice",
        ),
        Count("campaigns", counts["campaign_descriptions"], imported.count()),
        Count("customers sent to", counts["campaigns"], members.count()),
        Count("redemptions", counts["coupon_redemptions"], Redemption.objects.count()),
        Count("demographics", counts["demographics"], Customer.objects.exclude(age_group="").count()),
    ]


def current_segmentation() -> Segmentation | None:
    return Segmentation.objects.filter(is_current=True).first()


def compared_recommenders() -> list[ModelVersion]:
    """The newest version of every way to recommend, the one in use first."""
    newest: dict[str, ModelVersion] = {}
    for version in ModelVersion.objects.filter(purpose=ModelVersion.Purpose.RECOMMENDATION).order_by("pk"):
        newest[version.algorithm] = version
    return sorted(newest.values(), key=lambda version: version.alias != ModelVersion.Alias.CHAMPION)


@dataclass(frozen=True)
class Rehearsed:
    """A forecast number of a simulation and, for the people it was really sent to, what happened."""

    simulation: Simulation
    forecast: Forecast
    outcome: Outcome | None


def first_simulation(campaign: Campaign) -> Simulation | None:
    """The forecast for the people it was really sent to, if there is one yet."""
    return Simulation.objects.filter(campaign=campaign).order_by("pk").first()


def rehearsed(campaign: Campaign, metric: str) -> list[Rehearsed]:
    """One row a simulation of the campaign, the people it was really sent to first."""
    outcome = Outcome.objects.filter(campaign=campaign, metric=metric).first()
    forecasts = Forecast.objects.filter(simulation__campaign=campaign, metric=metric)
    return [
        Rehearsed(
            forecast.simulation,
            forecast,
            outcome if forecast.simulation.audience_id == campaign.audience_id else None,
        )
        for forecast in forecasts.select_related("simulation__audience").order_by("simulation_id")
    ]
