"""Worlds with a known answer, for engine tests: shared by all apps, one small function a world."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from scipy import sparse
from scipy.special import expit

from campaigns.engine.feature_groups import OFFER
from campaigns.engine.frames import CustomerFrame, PastCampaign, ReceptionFrame
from loyalty.engine.silence_trial import Purchases
from recommender.engine.shop import Shop


def campaign_world(
    rng: np.random.Generator, *, n_campaigns: int, n_customers: int = 400, effect_sd: float = 0.0
) -> ReceptionFrame:
    """Campaigns a week apart; response depends on `coupon_orders` (+1.2 on the logit a unit of log1p)
    and on a planted campaign effect, not on `noise`."""
    first = datetime(2024, 1, 1, tzinfo=UTC)
    campaigns = tuple(
        PastCampaign(row, "mail", first + timedelta(days=7 * row), first + timedelta(days=7 * row + 6))
        for row in range(n_campaigns)
    )
    rows = np.repeat(np.arange(n_campaigns), n_customers)
    coupon_orders = rng.poisson(2.0, len(rows)).astype(np.float64)
    effects = effect_sd * rng.standard_normal(n_campaigns)
    chances = expit(-3.5 + 1.2 * np.log1p(coupon_orders) + effects[rows])
    redemptions = (rng.random(len(rows)) < chances) * rng.integers(1, 4, len(rows))
    values = np.column_stack([coupon_orders, rng.poisson(2.0, len(rows))])
    customers = CustomerFrame(np.tile(np.arange(n_customers), n_campaigns), values, ("coupon_orders", "noise"))
    return ReceptionFrame(customers, campaigns, rows, redemptions)


def offer_world(
    rng: np.random.Generator,
    *,
    n_campaigns: int,
    slope: float,
    effect_sd: float = 0.2,
    n_customers: int = 200,
    days_apart: int = 6,
) -> ReceptionFrame:
    """Campaigns of 5 to 40 percent off, told with all columns of an offer: doubling it adds `slope` to the logit.

    Channels, season and products are told, too, and mean nothing.
    """
    first, gap = datetime(2022, 1, 1, tzinfo=UTC), timedelta(days=days_apart)
    campaigns = tuple(
        PastCampaign(row, "mail", first + row * gap, first + row * gap + timedelta(days=2))
        for row in range(n_campaigns)
    )
    rows = np.repeat(np.arange(n_campaigns), n_customers)
    percent = rng.choice([5.0, 10.0, 20.0, 40.0], n_campaigns)
    said = {name: rng.integers(0, 2, n_campaigns).astype(np.float64) for name in OFFER}
    said |= {"is_percent": np.ones(n_campaigns), "percent_off": 100 * percent, "amount_off": np.zeros(n_campaigns)}
    coupon_orders = rng.poisson(2.0, len(rows)).astype(np.float64)
    shifts = slope * np.log2(percent / 14) + effect_sd * rng.standard_normal(n_campaigns)
    redemptions = rng.random(len(rows)) < expit(-3.0 + np.log1p(coupon_orders) + shifts[rows])
    values = np.column_stack([coupon_orders, *(said[name][rows] for name in OFFER)])
    customers = CustomerFrame(np.tile(np.arange(n_customers), n_campaigns), values, ("coupon_orders", *OFFER))
    return ReceptionFrame(customers, campaigns, rows, redemptions.astype(np.int64))


def segment_world(rng: np.random.Generator, *, n_each: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Three planted kinds of customer (recency_days, n_orders, spend), far apart on the log scale."""
    centres = np.log1p([[3.0, 60.0, 4000.0], [20.0, 12.0, 300.0], [150.0, 3.0, 1500.0]])
    kinds = np.repeat(np.arange(3), n_each)
    noise = 0.15 * rng.standard_normal((len(kinds), 3))
    return np.expm1(centres[kinds] + noise), kinds


def taste_world(rng: np.random.Generator, *, n_customers: int = 120, n_products: int = 40) -> pa.Table:
    """Interactions of 120 days: even customers buy even products only, odd ones odd products only."""
    rows = 40 * n_customers
    customers = rng.integers(0, n_customers, rows)
    products = 2 * rng.integers(0, n_products // 2, rows) + customers % 2
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    moments = 1_000_000 * (start + rng.integers(0, 120 * 86_400, rows))
    columns = {
        "customer_id": pa.array(1000 + customers, pa.int64()),
        "product_id": pa.array(500 + products, pa.int64()),
        "weight": pa.array(np.ones(rows), pa.float32()),
        "occurred_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
    }
    return pa.table(columns)


def cycle_world(rng: np.random.Generator, *, n_customers: int = 200, every_days: int = 21) -> pa.Table:
    """Each customer has nine products and buys each of them every three weeks, three a week.
    All were bought as often, so only the time since then tells which are due."""
    n_products, n_days = 60, 168
    own = np.argsort(rng.random((n_customers, n_products)), axis=1)[:, :9]
    due = np.arange(9) % 3 * 7 + rng.integers(0, 7, (n_customers, 9))
    starts = np.arange(0, n_days, every_days)
    days = (due[:, :, None] + starts).ravel()
    first = int(datetime(2024, 1, 1, 12, tzinfo=UTC).timestamp())
    columns = {
        "customer_id": pa.array(1000 + np.repeat(np.arange(n_customers), 9 * len(starts)), pa.int64()),
        "product_id": pa.array(500 + np.repeat(own.ravel(), len(starts)), pa.int64()),
        "weight": pa.array(np.ones(len(days)), pa.float32()),
        "occurred_at": pa.array(1_000_000 * (first + 86_400 * days), pa.timestamp("us", tz="UTC")),
    }
    return pa.table(columns)


def factor_world(
    rng: np.random.Generator,
    *,
    n_customers: int = 400,
    n_products: int = 200,
    per_customer: float = 20.0,
    n_tastes: int = 6,
) -> sparse.csr_matrix:
    """What whom bought, 1 each: popularity falls off by rank, tastes are of low rank, and products come in pairs
    (0 and 1, 2 and 3, ...): who buys one buys the other half of the time."""
    popularity = -0.8 * np.log1p(rng.permutation(n_products))
    tastes, shelves = rng.standard_normal((n_customers, n_tastes)), rng.standard_normal((n_products // 2, n_tastes))
    logits = popularity + tastes @ np.repeat(shelves, 2, axis=0).T / np.sqrt(n_tastes) * 1.5
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances *= per_customer / chances.sum(axis=1, keepdims=True)
    bought = rng.random(chances.shape) < np.minimum(chances, 0.9)
    partner = np.arange(n_products) ^ 1
    bought |= bought[:, partner] & (rng.random(bought.shape) < 0.5)
    return sparse.csr_matrix(bought.astype(np.float32))


def basket_world(rng: np.random.Generator, *, n_baskets: int = 3000) -> pa.Table:
    """Baskets from one of two shelves: products 0-9 are bought together, and so are products 100-109."""
    shelf = rng.integers(0, 2, n_baskets)
    order = np.repeat(np.arange(n_baskets), 5)
    product = 100 * shelf[order] + rng.integers(0, 10, len(order))
    return pa.table({"order_id": pa.array(order, pa.int64()), "product_id": pa.array(product, pa.int64())})


def shelf_world(rng: np.random.Generator, *, n_customers: int = 250, n_visits: int = 30) -> pa.Table:
    """Purchases with planted relations: on each visit one product of every need that arises, now and then another one.

    Need 0 (products 0-3, 3 costs half as much again) and need 1 (products 10-13): rivals, never in one basket.
    Product 20 is taken with any of need 0, four times in five, and seldom without.
    Products 30-39: bought by all, at random. Products 40 and 41: both liked by every second customer, else unrelated.
    In the second half of the year buyers of product 0 move on to product 3, and nobody moves back.
    """
    lines = []
    for customer in range(n_customers):
        favourite = {0: int(rng.choice([0, 1, 2])), 1: int(rng.choice([10, 11, 12, 13]))}
        for visit in range(n_visits):
            basket = [30 + one for one in np.flatnonzero(rng.random(10) < 0.15)]
            if rng.random() < 0.5:
                own = favourite[0] if favourite[0] == 3 or rng.random() < 0.7 else int(rng.choice([0, 1, 2]))
                if favourite[0] == 0 and visit > n_visits // 2 and rng.random() < 0.6:
                    favourite[0] = own = 3
                basket += [own, 20] if rng.random() < 0.8 else [own]
            elif rng.random() < 0.1:
                basket.append(20)
            if rng.random() < 0.5:
                basket.append(favourite[1] if rng.random() < 0.7 else int(rng.choice([10, 11, 12, 13])))
            basket += [one for one in (40, 41) if customer % 2 and rng.random() < 0.3]
            lines += [(customer, customer * n_visits + visit, product, visit) for product in basket]
    customer_id, order_id, product_id, day = np.array(lines, dtype=np.int64).T
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    columns = {
        "customer_id": pa.array(customer_id),
        "product_id": pa.array(product_id),
        "weight": pa.array(np.ones(len(lines)), pa.float32()),
        "occurred_at": pa.array(1_000_000 * (start + 7 * 86_400 * day + order_id), pa.timestamp("us", tz="UTC")),
        "order_id": pa.array(order_id),
        "quantity": pa.array(np.ones(len(lines))),
        "amount": pa.array(np.where(product_id == 3, 3.0, 2.0)),
    }
    return pa.table(columns)


def shopping_table(n_lines: int, *, lines_an_order: int = 4) -> pa.Table:
    """Order lines as a till would send them: one customer, three products, an order an hour."""
    orders = np.arange(n_lines) // lines_an_order
    first = np.datetime64("2024-01-01T00:00:00", "us")
    return pa.table(
        {
            "order_id": [f"o{order}" for order in orders],
            "customer_id": ["c0"] * n_lines,
            "ordered_at": pa.array(first + orders * np.timedelta64(1, "h")).cast(pa.timestamp("us", "UTC")),
            "sku": [f"p{line % 3}" for line in range(n_lines)],
            "quantity": np.ones(n_lines),
            "amount": np.full(n_lines, 2.5),
        }
    )


def text_table(*rows: dict[str, str]) -> pa.Table:
    """Rows as a file brings them: everything is text."""
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})


def silence_world(
    rng: np.random.Generator, *, n_customers: int = 600, n_days: int = 200, n_products: int = 120
) -> Purchases:
    """Customers who come every four days or so and fill their baskets from the whole range: nobody leaves."""
    rows = []
    for customer in range(n_customers):
        gaps = rng.geometric(0.25, n_days)
        days = np.cumsum(gaps)
        days = days[days < n_days]
        baskets = np.argsort(rng.random((len(days), n_products)), axis=1)[:, :3]
        rows.append(np.column_stack([np.full(baskets.size, customer), baskets.ravel(), np.repeat(days, 3)]))
    customer, product, day = np.concatenate(rows).T.astype(np.int64)
    return Purchases(1000 + customer, 500 + product, day)


def fading_world(
    rng: np.random.Generator, *, half_life_days: float | None, n_customers: int = 150, n_products: int = 60
) -> pa.Table:
    """Every day each customer buys one of their own past purchases again, a recent one with a chance that halves every
    `half_life_days` (None: each past purchase alike), or now and then something else."""
    n_days = 120
    bought = np.empty((n_customers, n_days), dtype=np.int64)
    bought[:, 0] = rng.integers(0, n_products, n_customers)
    for day in range(1, n_days):
        ages = day - np.arange(day)
        chances = np.exp2(-ages / half_life_days) if half_life_days else np.ones(day)
        picked = rng.choice(day, n_customers, p=chances / chances.sum())
        again = bought[np.arange(n_customers), picked]
        bought[:, day] = np.where(rng.random(n_customers) < 0.2, rng.integers(0, n_products, n_customers), again)
    start = int(datetime(2024, 1, 1, 12, tzinfo=UTC).timestamp())
    moments = 1_000_000 * (start + 86_400 * np.tile(np.arange(n_days), n_customers))
    columns = {
        "customer_id": pa.array(1000 + np.repeat(np.arange(n_customers), n_days), pa.int64()),
        "product_id": pa.array(500 + bought.ravel(), pa.int64()),
        "weight": pa.array(np.ones(bought.size), pa.float32()),
        "occurred_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
    }
    return pa.table(columns)


def brand_world(
    rng: np.random.Generator,
    *,
    n_customers: int = 120,
    n_products: int = 40,
    n_launches: int = 30,
    n_days: int = 160,
) -> Shop:
    """A shop where the brand decides: odd customers buy the odd brand only, and live in the north.

    Launches come from day 60 on, their keys are the highest. Shelf, price and age say nothing; customers with a key
    from 1000 + `n_customers` have bought nothing, and one trait says what they would.
    """
    rows = 40 * n_customers * n_days // 160
    customers = rng.integers(0, n_customers, rows)
    days = rng.integers(0, n_days, rows)
    days[0], days[-1] = 0, n_days - 1
    first_days = np.sort(rng.integers(60, n_days - 30, n_launches))
    first_day = np.concatenate([np.zeros(n_products, dtype=int), first_days])
    n_all = n_products + n_launches
    products = 2 * rng.integers(0, n_all // 2, rows) + customers % 2
    sold = days >= first_day[products]
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    moments = 1_000_000 * (start + 86_400 * days + rng.integers(0, 86_400, rows))
    purchases = {
        "customer_id": pa.array(1000 + customers[sold], pa.int64()),
        "product_id": pa.array(500 + products[sold], pa.int64()),
        "weight": pa.array(np.ones(sold.sum()), pa.float32()),
        "occurred_at": pa.array(moments[sold], pa.timestamp("us", tz="UTC")),
    }
    return Shop("brand_world", pa.table(purchases), _branded(n_all, rng), _residents(n_customers + 20, rng))


def _branded(n: int, rng: np.random.Generator) -> pa.Table:
    brands = np.array(["even", "odd"])[np.arange(n) % 2]
    shelves = np.array(["left", "middle", "right"])[rng.integers(0, 3, n)]
    return pa.table(
        {
            "product_id": pa.array(500 + np.arange(n), pa.int64()),
            "brand": pa.array(brands),
            "shelf": pa.array(shelves),
            "price": pa.array(rng.uniform(1, 9, n), pa.float32()),
            "text": pa.array([f"{brand} number {row}" for row, brand in enumerate(brands)]),
        }
    )


def _residents(n: int, rng: np.random.Generator) -> pa.Table:
    return pa.table(
        {
            "customer_id": pa.array(1000 + np.arange(n), pa.int64()),
            "district": pa.array(np.array(["south", "north"])[np.arange(n) % 2]),
            "age": pa.array(np.array(["18-34", "35-54", "55+"])[rng.integers(0, 3, n)]),
        }
    )


def popular_world(rng: np.random.Generator, *, n_customers: int = 120, n_products: int = 60) -> pa.Table:
    """Purchases of 150 days without structure but that some products sell better: nobody has a taste of their own."""
    rows = 30 * n_customers
    weights = 1 / np.arange(2, n_products + 2)
    products = rng.choice(n_products, rows, p=weights / weights.sum())
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    moments = 1_000_000 * (start + rng.integers(0, 150 * 86_400, rows))
    columns = {
        "customer_id": pa.array(1000 + rng.integers(0, n_customers, rows), pa.int64()),
        "product_id": pa.array(500 + products, pa.int64()),
        "weight": pa.array(np.ones(rows), pa.float32()),
        "occurred_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
    }
    return pa.table(columns)
