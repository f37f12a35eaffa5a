"""What the pages about offers read."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet

from campaigns.models import (
    AudienceMember,
    Campaign,
    CampaignOffer,
    NewProduct,
    NewProductSimulation,
    Offer,
    OfferProduct,
    Redemption,
)
from campaigns.queries.counts import count_of
from loyalty.models import Category, Product

N_FOUND = 20
# Digits that the tables' keys have room for, and one more.
LONGEST_KEY = 19


def _matching(text: str, mechanic: str) -> QuerySet[Offer]:
    found = Offer.objects.all()
    if text:
        found = found.filter(name__icontains=text)
    return found.filter(mechanic=mechanic) if mechanic else found


def offer_count(*, text: str = "", mechanic: str = "") -> int:
    return _matching(text, mechanic).count()


def offer_list(*, text: str = "", mechanic: str = "") -> QuerySet[Offer]:
    """Offers with `n_products`, `n_campaigns`, `n_sent` (customers of its campaigns) and `n_redeemed`."""
    return _matching(text, mechanic).annotate(
        n_products=count_of(OfferProduct.objects.filter(offer=OuterRef("pk")), "offer"),
        n_campaigns=count_of(CampaignOffer.objects.filter(offer=OuterRef("pk")), "offer"),
        n_sent=count_of(
            AudienceMember.objects.filter(audience__campaigns__campaign_offers__offer=OuterRef("pk")),
            "audience__campaigns__campaign_offers__offer",
        ),
        n_redeemed=count_of(Redemption.objects.filter(offer=OuterRef("pk")), "offer"),
    )


@dataclass(frozen=True)
class OfferSummary:
    """All offers together."""

    n_offers: int
    n_taken: int
    n_redemptions: int

    @property
    def taken_share(self) -> float | None:
        """Share of the offers that somebody took at least once."""
        return self.n_taken / self.n_offers if self.n_offers else None


def offer_summary() -> OfferSummary:
    taken = Redemption.objects.aggregate(n=Count("*"), n_offers=Count("offer", distinct=True))
    return OfferSummary(Offer.objects.count(), taken["n_offers"], taken["n"])


@dataclass(frozen=True)
class OfferChoice:
    """The offers a builder has chosen, and those that match what is being searched for."""

    text: str
    chosen: Sequence[Offer]
    found: Sequence[Offer]
    n_more: int

    @property
    def shown(self) -> Sequence[Offer]:
        return self.chosen[:N_FOUND]

    @property
    def hidden(self) -> Sequence[Offer]:
        return self.chosen[N_FOUND:]


def offer_choice(*, text: str, chosen_ids: Sequence[int]) -> OfferChoice:
    """Search offers that can be sent, leaving out those chosen already."""
    brief = Offer.objects.annotate(
        n_products=count_of(OfferProduct.objects.filter(offer=OuterRef("pk")), "offer"),
        n_redeemed=count_of(Redemption.objects.filter(offer=OuterRef("pk")), "offer"),
    )
    matching = brief.filter(is_paused=False).exclude(pk__in=chosen_ids)
    if text:
        matching = matching.filter(name__icontains=text)
    found = list(matching.order_by("-n_redeemed", "id")[:N_FOUND])
    n_more = max(matching.count() - N_FOUND, 0)
    return OfferChoice(text, list(brief.filter(pk__in=chosen_ids).order_by("id")), found, n_more)


def offer_page(pk: int) -> Offer | None:
    return offer_list().filter(pk=pk).first()


@dataclass(frozen=True)
class OfferUse:
    """One campaign that made the offer: how many got it, how many took it."""

    campaign: Campaign
    n_sent: int
    n_redeemed: int


def offer_uses(offer: Offer) -> list[OfferUse]:
    """The campaigns that made this offer, newest first."""
    sent = count_of(AudienceMember.objects.filter(audience=OuterRef("audience_id")), "audience")
    taken = count_of(Redemption.objects.filter(campaign=OuterRef("pk"), offer=offer), "campaign")
    campaigns = Campaign.objects.filter(campaign_offers__offer=offer).annotate(n_sent=sent, n_redeemed=taken)
    return [OfferUse(campaign, campaign.n_sent, campaign.n_redeemed) for campaign in campaigns.order_by("-starts_at")]


def offer_products(offer: Offer) -> QuerySet[Product]:
    return Product.objects.filter(offer_products__offer=offer).select_related("category").order_by("id")


def categories_with_products() -> QuerySet[Category]:
    """Categories of the first two levels, the widest first: coarse enough to pick from a list."""
    return Category.objects.filter(parent__parent__isnull=True).order_by("path")


def products_of_category(category: Category) -> QuerySet[Product]:
    """Every catalogued product in the category or below it."""
    below = Product.objects.filter(category__path__startswith=f"{category.path} > ")
    return (below | Product.objects.filter(category=category)).filter(is_catalogued=True)


def products_by_sku(skus: Sequence[str]) -> dict[str, int]:
    """The key of each product that exists, by its SKU."""
    return dict(Product.objects.filter(sku__in=skus).values_list("sku", "pk"))


def planned_product(key: str) -> NewProduct | None:
    """A product that is not on sale yet, by its key as it stands in an address; None where it is nobody's."""
    is_key = key.isascii() and key.isdigit() and len(key) < LONGEST_KEY
    return NewProduct.objects.select_related("category").filter(pk=int(key)).first() if is_key else None


@dataclass(frozen=True)
class Planned:
    """The new product an offer is for, and its newest forecast."""

    product: NewProduct
    simulation: NewProductSimulation | None


def planned_of(offer: Offer) -> Planned | None:
    if offer.new_product_id is None:
        return None
    product = NewProduct.objects.select_related("category").get(pk=offer.new_product_id)
    return Planned(product, product.simulations.first())
