"""Try a product nobody has bought yet: what somebody thinks of, checked, kept, and handed to a worker."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min

from campaigns.models import NewProduct, OfferProduct
from loyalty.models import Category, Job, OrderLine, Product
from loyalty.services.jobs import create_job
from loyalty.services.trail import because

TASK = "campaigns.simulate_new_product"
SEED = 20170101
LONGEST = {"name": 200, "brand": 100, "sku": 64, "text": 2_000}
MOST_ATTRIBUTES = 20
LONGEST_ATTRIBUTE = 100


class NewProductInvalid(Exception):
    """One field of a new product cannot be taken; `sentence` says what to do about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class NewProductPlan:
    """Everything a person says about a product that does not exist yet; `category` is its whole path."""

    name: str
    category: str
    price: Decimal
    currency: str
    brand: str = ""
    text: str = ""
    sku: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def new_product_problems(plan: NewProductPlan) -> list[NewProductInvalid]:
    """Everything that is wrong with the plan, in the order in which a person filled it in."""
    return [*_word_problems(plan), *_category_problems(plan), *_price_problems(plan), *_attribute_problems(plan)]


@transaction.atomic
def start_new_product(*, plan: NewProductPlan, by: User, at: datetime, seed: int = SEED) -> Job:
    """Keep the plan and queue its simulation. Raises NewProductInvalid."""
    for problem in new_product_problems(plan):
        raise problem
    product = NewProduct.objects.create(
        name=plan.name.strip(),
        category=Category.objects.get(path=plan.category.strip()),
        brand=plan.brand.strip(),
        price=plan.price,
        currency=plan.currency,
        text=plan.text.strip(),
        sku=plan.sku.strip(),
        attributes=dict(plan.attributes),
        created_by=by,
        created_at=at,
    )
    params = {"new_product_id": product.pk, "seed": seed}
    return create_job(task=TASK, label=f"Try “{product.name}”"[:200], params=params, by=by, at=at)


@transaction.atomic
def put_on_sale(*, product: NewProduct, sku: str, by: User, at: datetime) -> NewProduct:
    """Say which article it became: its buyers are counted from then on, and its offers are for it.

    Raises NewProductInvalid.
    """
    held = NewProduct.objects.select_for_update().get(pk=product.pk)
    article = Product.objects.filter(sku=sku.strip()).first() if "\0" not in sku else None
    if article is None:
        raise NewProductInvalid("sku", f"No product has the article number “{sku.strip()}”. Import it first.")
    first = OrderLine.objects.filter(product=article).aggregate(first=Min("order__ordered_at"))["first"]
    if first is not None and first < _first_tried(held):
        raise NewProductInvalid("sku", f"“{article.sku}” was sold before this was tried. Give the one it became.")
    with because(f"“{held.name}” is on sale as {article.sku}"):
        held.sku = article.sku
        held.save(update_fields=["sku"])
        made = (OfferProduct(offer=offer, product=article) for offer in held.offers.all())
        OfferProduct.objects.bulk_create(made, ignore_conflicts=True)
    return held


def _first_tried(product: NewProduct) -> datetime:
    """What was known when it was tried first: of a shop whose data end in the past, long before it was typed."""
    tried: datetime | None = product.simulations.aggregate(first=Min("as_of"))["first"]
    return tried or product.created_at


def _word_problems(plan: NewProductPlan) -> Iterator[NewProductInvalid]:
    if not plan.name.strip():
        yield NewProductInvalid("name", "Give the product a name.")
    for name, longest in LONGEST.items():
        value = getattr(plan, name)
        if len(value) > longest:
            yield NewProductInvalid(name, f"Keep this within {longest:,} letters.")
        if "\0" in value:
            yield NewProductInvalid(name, "Remove the unreadable sign.")
    if plan.sku.strip() and Product.objects.filter(sku=plan.sku.strip(), order_lines__isnull=False).exists():
        yield NewProductInvalid(
            "sku",
            f"The article number “{plan.sku.strip()}” has been sold already. Give the one the new product will have.",
        )


def _category_problems(plan: NewProductPlan) -> Iterator[NewProductInvalid]:
    path = plan.category.strip()
    if not path:
        yield NewProductInvalid("category", "Choose the category it belongs to: nothing tells more about its buyers.")
    elif "\0" in path or not Category.objects.filter(path=path).exists():
        yield NewProductInvalid("category", "There is no such category. Choose one from the list.")


def _price_problems(plan: NewProductPlan) -> Iterator[NewProductInvalid]:
    if plan.price <= 0:
        yield NewProductInvalid("price", "Write a price above zero, for example 2.49.")


def _attribute_problems(plan: NewProductPlan) -> Iterator[NewProductInvalid]:
    if len(plan.attributes) > MOST_ATTRIBUTES:
        yield NewProductInvalid("attributes", f"Name at most {MOST_ATTRIBUTES} attributes.")
    for name, value in plan.attributes.items():
        if (
            not name.strip()
            or not value.strip()
            or max(len(name), len(value)) > LONGEST_ATTRIBUTE
            or "\0" in name + value
        ):
            yield NewProductInvalid(
                "attributes", f"Write each attribute as “name: value”, both within {LONGEST_ATTRIBUTE} letters."
            )
            return
