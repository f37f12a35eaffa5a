"""A small shop with a finished trial of its own customers: the message changes the quiet ones, or nobody."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
from django.utils.timezone import now

from campaigns.models import Campaign, Trial
from campaigns.services.trials.importing import begin_trial, import_trial
from campaigns.services.trials.plans import TrialPlan
from campaigns.services.trials.readouts import read_trial
from loyalty.models import Customer, Order, OrderLine
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, OPENED, Shop, add_campaign, open_shop

N_PEOPLE = 1200
STARTS_AT, ENDS_AT = datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 6, 22, tzinfo=UTC)
RATE = 0.1
PLAN = TrialPlan(
    arm="mailing",
    outcome="bought",
    control="nothing",
    person="customer_id",
    contact_cost=Decimal("0.50"),
    outcome_value=Decimal("5.00"),
    starts_at=STARTS_AT,
    ends_at=ENDS_AT,
)


@dataclass(frozen=True)
class UpliftShop:
    shop: Shop
    trial: Trial
    campaign: Campaign
    quiet_ids: set[int]


def open_uplift_shop(folder: Path, *, effect: float, plan: TrialPlan = PLAN, **values: object) -> UpliftShop:
    """Every second one of many customers has long been quiet; `effect` is what the message adds to their chance.

    The lively ones use coupons, as those do who took all earlier campaigns: they respond, and are not changed.
    """
    shop = open_shop()
    people = Customer.objects.bulk_create(Customer(external_id=f"t{n}") for n in range(N_PEOPLE))
    _buy(people[1::2], shop)
    trial = begin_trial(name="Spring", path=_write(folder / "trial.csv", effect), plan=plan, by=None, at=now())
    import_trial(trial=trial, path=folder / "trial.csv", report=QuietProgress())
    read_trial(trial=trial, at=now(), seed=3, report=QuietProgress())
    trial.refresh_from_db()
    given = {"cost_per_contact": Decimal("0.50"), "margin_share": Decimal("0.9"), **values}
    campaign = add_campaign("Next", shop.products[0], starts_at=shop.next_campaign.ends_at + 2 * DAY, **given)
    return UpliftShop(shop, trial, campaign, {customer.pk for customer in people[::2]})


def _buy(lively: list[Customer], shop: Shop) -> None:
    orders = Order.objects.bulk_create(
        Order(
            external_id=f"l{row}-{number}",
            customer=customer,
            ordered_at=OPENED + (number * 30 + row % 25) * DAY,
            currency="USD",
        )
        for row, customer in enumerate(lively)
        for number in range(9)
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, line_number=1, product=shop.products[0], quantity=1, amount=4, coupon_discount=1)
        for order in orders
    )


def _write(path: Path, effect: float) -> Path:
    rng = np.random.default_rng(5)
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["customer_id", "mailing", "bought"])
        for row in range(N_PEOPLE):
            treated = rng.random() < 0.5
            chance = RATE + effect * (treated and row % 2 == 0)
            lines.writerow([f"t{row}", "message" if treated else "nothing", int(rng.random() < chance)])
    return path
