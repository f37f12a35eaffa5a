"""The past of the shop as a new product is held against it, and what is expected of the product there."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.launches.forecast import LaunchForecast, simulate_launch
from campaigns.engine.launches.likes import Alike, Buyers, launches_alike
from campaigns.engine.launches.lines import Lines
from campaigns.engine.launches.model import LaunchModel
from campaigns.engine.launches.novelty import Novelty, novelty
from campaigns.engine.launches.standing import recent_buyers
from campaigns.engine.launches.totals import LaunchEffect
from campaigns.models import NewProduct
from campaigns.queries.new_products import LADDER, MAKER, facts_of
from campaigns.services.launch_learning import learn_from_launches
from loyalty.services.progress import Progress
from recommender.engine.attributes import Attributes
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.past import Launches
from recommender.models import ModelVersion


@dataclass(frozen=True)
class Seen:
    """The shop's past as far as it is known, and what it teaches."""

    found: Launches
    lines: Lines
    catalogue: Attributes
    model: LaunchModel
    version: ModelVersion

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


def seen_until(as_of: datetime, at: datetime, report: Progress) -> Seen:
    learnt = learn_from_launches(as_of=as_of, at=at, report=report)
    found = learnt.found
    catalogue = found.data.facts or Attributes(len(found.data.products))
    return Seen(found, Lines.of(learnt.shop, found), catalogue, learnt.model, learnt.version)


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
