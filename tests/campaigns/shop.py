"""A small shop with eight finished campaigns: people with a coupon in every order take them, the others hardly do."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from campaigns.models import (
    Audience,
    AudienceMember,
    Campaign,
    CampaignOffer,
    Offer,
    OfferProduct,
    Redemption,
)
from loyalty.models import Category, Customer, Order, OrderLine, Product

OPENED = datetime(2024, 1, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
N_CUSTOMERS = 120
N_KEEN = 40
N_CAMPAIGNS = 8
FIRST_START = datetime(2024, 2, 10, tzinfo=UTC)
WINDOW = 21 * DAY
APART = 24 * DAY
KEEN, OTHERS = 0.6, 0.04


@dataclass(frozen=True)
class Shop:
    customers: list[Customer]
    products: list[Product]
    campaigns: list[Campaign]
    next_campaign: Campaign

    @property
    def keen_ids(self) -> set[int]:
        return {customer.pk for customer in self.customers[:N_KEEN]}


def open_shop(seed: int = 1, n_campaigns: int = N_CAMPAIGNS) -> Shop:
    """Customers, a year of orders, finished campaigns, and one that starts right after them and was sent too."""
    rng = np.random.default_rng(seed)
    customers = Customer.objects.bulk_create(Customer(external_id=f"c{n}") for n in range(N_CUSTOMERS))
    category = Category.objects.create(path="Grocery > Tea", name="Tea")
    products = Product.objects.bulk_create(
        Product(sku=f"p{n}", name=f"Tea {n}", category=category if n < 3 else None, currency="USD") for n in range(6)
    )
    _buy(customers, products)
    campaigns = [_send(number, customers, products[0], rng) for number in range(n_campaigns + 1)]
    return Shop(customers, products, campaigns[:-1], campaigns[-1])


def send_campaigns(customers: list[Customer], product: Product, n: int = N_CAMPAIGNS, seed: int = 1) -> list[Campaign]:
    """Finished campaigns for these customers of another shop: the first of them take most of what they get."""
    rng = np.random.default_rng(seed)
    return [_send(number, customers, product, rng) for number in range(n)]


def add_order(customer: Customer, product: Product, at: datetime, *, coupon: float = 0.0, amount: float = 4.0) -> Order:
    number = Order.objects.count()
    order = Order.objects.create(external_id=f"x{number}", customer=customer, ordered_at=at, currency="USD")
    OrderLine.objects.create(
        order=order, line_number=1, product=product, quantity=1, amount=amount, coupon_discount=coupon
    )
    return order


def add_campaign(name: str, product: Product, *, starts_at: datetime, **values: object) -> Campaign:
    """A planned campaign of the same type, with an offer of its own on `product`."""
    given = {"type": "Type A", "currency": "USD", "created_at": OPENED, "ends_at": starts_at + WINDOW}
    campaign = Campaign.objects.create(name=name, starts_at=starts_at, **{**given, **values})
    offer = Offer.objects.create(external_id=name, name=name, mechanic="coupon", currency="USD")
    OfferProduct.objects.create(offer=offer, product=product)
    CampaignOffer.objects.create(campaign=campaign, offer=offer)
    return campaign


def _buy(customers: list[Customer], products: list[Product]) -> None:
    """Everybody shops every twenty days; the keen ones pay with a coupon."""
    orders = Order.objects.bulk_create(
        Order(
            external_id=f"o{row}-{number}",
            customer=customer,
            ordered_at=OPENED + number * 20 * DAY + row * timedelta(minutes=1),
            currency="USD",
        )
        for row, customer in enumerate(customers)
        for number in range(15)
    )
    keen = {customer.pk for customer in customers[:N_KEEN]}
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            line_number=1,
            product=products[number % len(products)],
            quantity=1,
            amount=4,
            coupon_discount=1 if order.customer_id in keen else 0,
        )
        for number, order in enumerate(orders)
    )


def _send(number: int, customers: list[Customer], product: Product, rng: np.random.Generator) -> Campaign:
    starts_at = FIRST_START + number * APART
    audience = Audience.objects.create(name=f"Sent {number}", kind="imported", as_of=starts_at, created_at=OPENED)
    AudienceMember.objects.bulk_create(AudienceMember(audience=audience, customer=c) for c in customers)
    campaign = add_campaign(
        f"Past {number}",
        product,
        starts_at=starts_at,
        state=Campaign.State.COMPLETED,
        audience=audience,
        external_id=str(number),
    )
    offer = campaign.offers.get()
    for row, customer in enumerate(customers):
        if rng.random() < (KEEN if row < N_KEEN else OTHERS):
            at = starts_at + int(rng.integers(0, 20)) * DAY + row * timedelta(seconds=1)
            Redemption.objects.create(campaign=campaign, offer=offer, customer=customer, redeemed_at=at)
    return campaign
