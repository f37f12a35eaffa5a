"""A tree that imitates a recommender on facts anybody understands, its rules in words, and how well it imitates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from loyalty.engine.plain_trees import PlainFact, leaves, words
from recommender.engine.attributes import Attributes
from recommender.engine.base import Recommender
from recommender.engine.history import CustomerHistory
from recommender.engine.metrics import Estimate, FloatArray, bootstrap_mean

# Customers the tree is learnt from and held against, and products looked at beside the best.
MOST_CUSTOMERS = 800
HELD_OUT_SHARE = 0.3
BESIDE = 60
NEVER_DAYS = 10_000.0
GROUP = "category_1"


FACTS = (
    PlainFact("times_bought", "bought more than {}", "bought {} at most"),
    PlainFact("of_favourite", "bought more than {}% as often as their favourite", "bought at most {}% as often"),
    PlainFact("days_since", "last bought more than {} days ago, or never", "last bought within {} days"),
    PlainFact("popularity", "bought by more than {}% of all customers", "bought by {}% of all customers at most"),
    PlainFact("group_share", "of a category with more than {}% of their purchases", "of a category with {}% at most"),
    PlainFact("n_products", "a customer of more than {} different products", "a customer of {} products at most"),
    PlainFact("days_quiet", "a customer who was last seen more than {} days ago", "a customer seen within {} days"),
)


@dataclass(frozen=True)
class Rule:
    """One way through the tree: words joined by "and", how often such a product is shown (0-1), and to how many."""

    words: tuple[str, ...]
    shown_share: float
    n_pairs: int


@dataclass(frozen=True)
class Surrogate:
    """The rules, the likeliest to be shown first, and how faithful they are.

    Attributes
    ----------
    rules : tuple of Rule
    agreement : Estimate
        Share (0-1) of the recommender's best k that are among the tree's best k, over held-out customers, 95 %.
    r2 : Estimate
        Of the tree's share against what the recommender shows, on pairs of held-out customers, 95 %.
    n_customers : int
        Held out.
    k : int
    """

    rules: tuple[Rule, ...]
    agreement: Estimate
    r2: Estimate
    n_customers: int
    k: int


class TooFewCustomers(Exception):
    """Too few customers have a history to imitate anything on."""


def imitate(
    fitted: Recommender,
    history: CustomerHistory,
    facts: Attributes | None,
    *,
    k: int,
    rng: np.random.Generator,
    max_depth: int = 4,
) -> Surrogate:
    """Learn the tree on some customers and hold it against the recommender on others.

    Parameters
    ----------
    fitted : Recommender
    history : CustomerHistory
        Of customers with purchases; the columns are the recommender's products.
    facts : Attributes, optional
        Of the products; ``category_1`` groups them.
    k : int
        Products shown.
    rng : numpy.random.Generator
    max_depth : int
        Questions at most on the way to a rule.

    Raises
    ------
    TooFewCustomers

    References
    ----------
    Craven, Shavlik: Extracting Tree-Structured Representations of Trained Networks, NIPS 1995.
    """
    known = np.flatnonzero(np.diff(history.weights.indptr) > 0)
    picked = rng.permutation(known)[:MOST_CUSTOMERS]
    n_held = round(HELD_OUT_SHARE * len(picked))
    if n_held < 2:
        raise TooFewCustomers("There are too few customers with purchases to explain by.")
    pairs = _Pairs.of(fitted, history[picked], facts, k, rng)
    held = pairs.customer < n_held
    tree = DecisionTreeRegressor(max_depth=max_depth, min_samples_leaf=max((~held).sum() // 200, 5), random_state=0)
    tree.fit(pairs.values[~held], pairs.shown[~held])
    said = tree.predict(pairs.values[held])
    agreement, r2 = _fidelity(said, pairs.shown[held], pairs.customer[held], k, rng)
    return Surrogate(tuple(_rules(tree)), agreement, r2, n_held, k)


@dataclass(frozen=True)
class _Pairs:
    """Pairs of customer and product: plain facts of shape (n, len(FACTS)), whether shown (0 or 1), and whose."""

    values: FloatArray
    shown: FloatArray
    customer: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        fitted: Recommender,
        history: CustomerHistory,
        facts: Attributes | None,
        k: int,
        rng: np.random.Generator,
    ) -> _Pairs:
        n_products = history.shape[1]
        best, _ = fitted.recommend(history, min(k + BESIDE, n_products), exclude_seen=False)
        others = rng.integers(0, n_products, (len(history), BESIDE))
        popularity = np.asarray((history.weights > 0).mean(axis=0)).ravel()
        values, shown, customer = [], [], []
        for row in range(len(history)):
            own = history.weights[row].indices
            items = np.unique(np.concatenate([best[row][best[row] >= 0], others[row], own]))
            values.append(_plain(history[row], items, popularity, facts))
            shown.append(np.isin(items, best[row, :k]).astype(np.float64))
            customer.append(np.full(len(items), row, dtype=np.int64))
        return cls(np.concatenate(values), np.concatenate(shown), np.concatenate(customer))


def _plain(
    one: CustomerHistory, items: NDArray[np.int64], popularity: FloatArray, facts: Attributes | None
) -> FloatArray:
    log = one.dated()
    n_products = one.shape[1]
    times = np.bincount(log.product_rows, minlength=n_products)
    since = np.full(n_products, NEVER_DAYS)
    np.minimum.at(since, log.product_rows, log.age_days)
    groups = facts.labels.get(GROUP) if facts is not None else None
    shares = np.zeros(len(items)) if groups is None else _group_shares(groups, log.product_rows, items)
    n_different, quiet = int((times > 0).sum()), float(log.age_days.min())
    constant = np.ones(len(items))
    favourite = 100 * times[items] / max(times.max(), 1)
    return np.column_stack(
        [
            times[items],
            favourite,
            since[items],
            100 * popularity[items],
            100 * shares,
            n_different * constant,
            quiet * constant,
        ]
    )


def _group_shares(groups: NDArray[np.str_], bought: NDArray[np.int32], items: NDArray[np.int64]) -> FloatArray:
    names, counts = np.unique(groups[bought], return_counts=True)
    place = np.minimum(np.searchsorted(names, groups[items]), len(names) - 1)
    known = (names[place] == groups[items]) & (groups[items] != "")
    return np.where(known, counts[place] / len(bought), 0.0)


def _fidelity(
    said: FloatArray, shown: FloatArray, customer: NDArray[np.int64], k: int, rng: np.random.Generator
) -> tuple[Estimate, Estimate]:
    agreed, missed, spread = [], [], []
    for row in np.unique(customer):
        mine, theirs = said[customer == row], shown[customer == row]
        best = np.argsort(-mine, kind="stable")[:k]
        agreed.append(theirs[best].sum() / max(min(k, theirs.sum()), 1))
        missed.append(((theirs - mine) ** 2).sum())
        spread.append(((theirs - shown.mean()) ** 2).sum())
    misses, spreads = np.array(missed), np.array(spread)
    drawn = rng.multinomial(len(misses), np.full(len(misses), 1 / len(misses)), size=1000)
    low, high = np.quantile(1 - (drawn @ misses) / (drawn @ spreads), [0.025, 0.975])
    r2 = Estimate(float(low), float(1 - misses.sum() / spreads.sum()), float(high))
    return bootstrap_mean(np.array(agreed), rng), r2


def _rules(tree: DecisionTreeRegressor) -> list[Rule]:
    found = [Rule(words(leaf.steps, FACTS, _said), leaf.value, leaf.n) for leaf in leaves(tree)]
    return sorted(found, key=lambda rule: (-rule.shown_share, -rule.n_pairs))


def _said(fact: PlainFact, is_above: bool, limit: float) -> str:
    if fact.name == "times_bought" and limit < 1:
        return "bought before" if is_above else "never bought"
    return (fact.above if is_above else fact.below).format(_limit(fact.name, limit))


def _limit(name: str, limit: float) -> str:
    """Counts and days are whole: more than 2.5 times is more than 2."""
    if name in ("popularity", "group_share"):
        return f"{limit:.1f}"
    if name != "times_bought":
        return f"{int(limit)}"
    return {1: "once", 2: "twice"}.get(int(limit), f"{int(limit)} times")
