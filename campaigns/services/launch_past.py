"""The past of the shop as a new product is held against it, and what is expected of the product there."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.launches.forecast import LaunchForecast, simulate_launch
from campaigns.engine.launches.likes import Alike, Buyers, launches_alike
from campaigns.engine.launches.lines import Lines
from campaigns.engine.launches.model import LaunchModel, learn_launches
from campaigns.engine.launches.novelty import Novelty, novelty
from campaigns.engine.launches.standing import recent_buyers
from campaigns.engine.launches.totals import LaunchEffect
from campaigns.engine.simulation import stream
from campaigns.models import NewProduct
from campaigns.queries.new_products import LADDER, MAKER, facts_of
from loyalty.services.progress import Progress
from recommender.engine.attributes import Attributes
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.exams import launch_rule
from recommender.engine.launches.past import Launches
from recommender.engine.shop import Shop
from recommender.queries.descriptions import customer_traits, product_facts, product_keys
from recommender.queries.interactions import shop_purchases


@dataclass(frozen=True)
class Seen:
    """The shop's past as far as it is known, and what it teaches."""

    found: Launches
    lines: Lines
    catalogue: Attributes
    model: LaunchModel

    @property
    def today(self) -> int:
        return self.found.n_days

    @property
    def outcome_days(self) -> int:
        return self.found.rule.outcome_days


@dataclass(frozen=True)
class Expected:
    """One new product against that past."""

    facts: Attributes
    novelty: Novelty
    alike: Alike
    effect: LaunchEffect
    mean: float
    forecast: LaunchForecast
    history: CustomerHistory
    customer_rows: IntArray
    logits: FloatArray


def seen_until(as_of: datetime, seed: int, report: Progress) -> Seen:
    report(0, 100, "Reading orders")
    shop = Shop("shop", shop_purchases(as_of), product_facts(), customer_traits(), keys=product_keys())
    report(10, 100, "Looking for earlier launches")
    found = Launches(shop, launch_rule(shop))
    catalogue = found.data.facts or Attributes(len(found.data.products))
    model = learn_launches(
        found,
        until=found.n_days,
        rng=stream(seed, "launch: learning"),
        told=lambda done, total: report(10 + 60 * done // total, 100, "Learning from earlier launches"),
    )
    return Seen(found, Lines.of(shop, found), catalogue, model)


def expected_of(product: NewProduct, seen: Seen, seed: int) -> Expected:
    facts, model = facts_of(product), seen.model
    new = novelty(seen.catalogue, facts, LADDER, maker=MAKER)
    alike = launches_alike(model.past, model.shelf, seen.catalogue, facts, LADDER)
    effect = model.effect.widened(new.variance)
    mean = float(model.expected(facts, recent_buyers(seen.found, seen.today))[0])
    history = seen.found.known_at(seen.today).history
    rows = np.flatnonzero(np.diff(history.weights.indptr) > 0).astype(np.int64)
    history = history[rows]
    forecast = simulate_launch(
        mean,
        effect,
        buyers_of(alike, seen).counts,
        price=float(product.price),
        n_customers=len(rows),
        seed=seed,
    )
    logits = model.logits(history, facts, effect.mean(np.array([mean])))[:, 0]
    return Expected(facts, new, alike, effect, mean, forecast, history, rows, logits)


def buyers_of(alike: Alike, seen: Seen) -> Buyers:
    return Buyers.of(alike.past, seen.lines, outcome_days=seen.outcome_days)


def launches_told(alike: Alike) -> str:
    n = len(alike.past)
    return f"{n:,} earlier launches" + (f" of “{last_step(alike.value)}”" if alike.value else "")


def last_step(path: str) -> str:
    return path.rsplit(" > ", 1)[-1]
