"""An offer is made: what is promised, and for which products."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from campaigns.models import NewProduct, Offer, OfferProduct
from campaigns.queries.offers import products_by_sku, products_of_category
from loyalty.models import Category

NAMED_SKUS = 5
LONGEST_NAME = 200


class OfferInvalid(Exception):
    """One field of an offer cannot be taken; `sentence` says what to do about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class OfferPlan:
    """Everything a person decides about an offer: its products by category, by SKU, or both, or one not on sale yet."""

    name: str
    mechanic: str
    currency: str
    category_ids: tuple[int, ...] = ()
    skus: tuple[str, ...] = ()
    benefit_percent: Decimal | None = None
    benefit_amount: Decimal | None = None
    cost_per_redemption: Decimal | None = None
    new_product_id: int | None = None


def offer_problems(plan: OfferPlan) -> list[OfferInvalid]:
    """Everything that is wrong with the plan, in the order in which a person filled it in."""
    return [*_name_problems(plan), *_benefit_problems(plan), *_product_problems(plan)]


@transaction.atomic
def create_offer(*, plan: OfferPlan) -> Offer:
    """Keep an offer with its products. Raises OfferInvalid."""
    for problem in offer_problems(plan):
        raise problem
    offer = Offer.objects.create(
        external_id=f"own-{uuid.uuid4()}",
        name=plan.name.strip(),
        mechanic=plan.mechanic,
        benefit_percent=plan.benefit_percent,
        benefit_amount=plan.benefit_amount,
        cost_per_redemption=plan.cost_per_redemption,
        currency=plan.currency,
        new_product_id=plan.new_product_id,
    )
    product_ids = _product_ids(plan)
    OfferProduct.objects.bulk_create(
        (OfferProduct(offer=offer, product_id=product_id) for product_id in product_ids), batch_size=5_000
    )
    return offer


def _name_problems(plan: OfferPlan) -> Iterator[OfferInvalid]:
    if not plan.name.strip():
        yield OfferInvalid("name", "Give the offer a name, as customers would read it.")
    elif len(plan.name) > LONGEST_NAME:
        yield OfferInvalid("name", f"Keep the name within {LONGEST_NAME} characters.")
    if plan.mechanic not in Offer.Mechanic.values:
        yield OfferInvalid("mechanic", "Choose what kind of offer it is.")


def _benefit_problems(plan: OfferPlan) -> Iterator[OfferInvalid]:
    if plan.mechanic == Offer.Mechanic.PERCENT_OFF and plan.benefit_percent is None:
        yield OfferInvalid("benefit_percent", "Say how many percent the customer saves.")
    if plan.mechanic == Offer.Mechanic.AMOUNT_OFF and plan.benefit_amount is None:
        yield OfferInvalid("benefit_amount", "Say how much the customer saves.")
    if plan.benefit_percent is not None and not 0 < plan.benefit_percent <= 100:
        yield OfferInvalid("benefit_percent", "The percentage must be above 0 and at most 100.")
    if plan.benefit_amount is not None and plan.benefit_amount < 0:
        yield OfferInvalid("benefit_amount", "The amount saved cannot be below zero.")
    if plan.cost_per_redemption is not None and plan.cost_per_redemption < 0:
        yield OfferInvalid("cost_per_redemption", "What one use costs you cannot be below zero.")


def _product_problems(plan: OfferPlan) -> Iterator[OfferInvalid]:
    unknown = sorted(set(plan.skus) - products_by_sku(plan.skus).keys())
    if unknown:
        yield OfferInvalid("skus", _unknown_sentence(unknown))
    if plan.new_product_id is not None:
        return
    if not plan.category_ids and not plan.skus:
        yield OfferInvalid("categories", "Say which products it is for: choose a category, or paste article numbers.")
    elif not unknown and not _product_ids(plan):
        yield OfferInvalid("categories", "There is no product in this category. Choose another one.")


def _unknown_sentence(unknown: Sequence[str]) -> str:
    named = ", ".join(f"“{sku}”" for sku in unknown[:NAMED_SKUS])
    more = f" and {len(unknown) - NAMED_SKUS} more" if len(unknown) > NAMED_SKUS else ""
    return f"No product has the article number {named}{more}. Correct it or take it out."


def _product_ids(plan: OfferPlan) -> list[int]:
    chosen = set(products_by_sku([*plan.skus, *_own_sku(plan)]).values())
    for category in Category.objects.filter(pk__in=plan.category_ids):
        chosen.update(products_of_category(category).values_list("pk", flat=True))
    return sorted(chosen)


def _own_sku(plan: OfferPlan) -> list[str]:
    """The article number of the new product, once it has one."""
    numbers = NewProduct.objects.filter(pk=plan.new_product_id or 0).exclude(sku="")
    return list(numbers.values_list("sku", flat=True))
