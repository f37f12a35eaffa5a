"""Who was found, in plain words: rules that imitate the choice, how well they do, and what sets these people apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from campaigns.engine.audience.dictionary import WORDS, Word, said
from campaigns.engine.frames import BoolArray, CustomerFrame
from loyalty.engine.plain_trees import leaves, words
from segments.engine.intervals import share_interval
from segments.engine.profiles import effect_errors, effect_sizes

MOST_CUSTOMERS = 40_000
HELD_OUT_SHARE = 0.3
MOST_QUESTIONS = 3
FEWEST_OF_EITHER = 30
SMALLEST_LEAF_SHARE = 0.01
# 95 % of a normal distribution, before it is widened for the number of facts that are looked at.
CONFIDENCE = 0.95


class NothingToDescribe(Exception):
    """The audience is everybody, or nearly nobody: nothing tells who is in it."""


@dataclass(frozen=True)
class FoundRule:
    """One kind of customer who is chosen: words joined by "and", the share (0-1) of such customers who are, and how
    many of all customers the rule names."""

    words: tuple[str, ...]
    share: float
    n: int


@dataclass(frozen=True)
class Description:
    """The choice in rules, and how faithful they are to it.

    Attributes
    ----------
    rules : tuple of FoundRule
        Kinds of customer of whom most are chosen, the largest first.
    agreement, low, high : float
        Share (0-1) of held-out customers about whom the rules and the choice agree, with its 95 % interval.
    baseline : float
        The same for saying the commoner answer of everybody.
    found_share : float
        Share (0-1) of the held-out chosen customers whom the rules name.
    n_held_out : int
    """

    rules: tuple[FoundRule, ...]
    agreement: float
    low: float
    high: float
    baseline: float
    found_share: float
    n_held_out: int

    @property
    def is_faithful(self) -> bool:
        """Whether the rules say more than the commoner answer would."""
        return self.low > self.baseline


@dataclass(frozen=True)
class Apart:
    """A fact in which the chosen differ from all others.

    Attributes
    ----------
    name, label, unit : str
    effect, low, high : float
        Difference of the means in standard deviations (Cohen's d on the log scale), with a 95 % interval that is
        wide enough for all facts together (Bonferroni).
    inside, outside : float
        Means in the fact's own unit.
    """

    name: str
    label: str
    unit: str
    effect: float
    low: float
    high: float
    inside: float
    outside: float


def describe(customers: CustomerFrame, chosen: BoolArray, rng: np.random.Generator) -> Description:
    """Learn a few rules on some customers and hold them against the choice among others.

    Parameters
    ----------
    customers : CustomerFrame
        Everybody who could have been chosen.
    chosen : ndarray of bool, shape (n_customers,)
    rng : Generator

    Raises
    ------
    NothingToDescribe
        When fewer than `FEWEST_OF_EITHER` customers are in, or are out.

    References
    ----------
    Craven, Shavlik: Extracting Tree-Structured Representations of Trained Networks, NIPS 1995.
    """
    if min(chosen.sum(), (~chosen).sum()) < FEWEST_OF_EITHER:
        raise NothingToDescribe("The audience is everybody, or nearly so, or hardly anybody: no rule tells it apart.")
    known = _known(customers.names)
    columns = [customers.names.index(word.name) for word in known]
    picked = rng.permutation(len(customers))[:MOST_CUSTOMERS]
    values, is_in = customers.values[picked][:, columns], chosen[picked]
    n_held = round(HELD_OUT_SHARE * len(picked))
    tree = DecisionTreeClassifier(
        max_depth=MOST_QUESTIONS, min_samples_leaf=max(int(SMALLEST_LEAF_SHARE * len(picked)), 5), random_state=0
    )
    tree.fit(values[n_held:], is_in[n_held:])
    named = tree.predict(values[:n_held])
    return _held_against(named, is_in[:n_held], _rules(tree, known, len(customers) / max(len(picked) - n_held, 1)))


def _known(names: Sequence[str]) -> list[Word]:
    """The facts there are words for; the others are left to the model."""
    return [WORDS[name] for name in names if name in WORDS]


def _held_against(named: BoolArray, chosen: BoolArray, rules: tuple[FoundRule, ...]) -> Description:
    agreed = named == chosen
    low, high = share_interval(agreed.sum(), len(agreed))
    return Description(
        rules=rules,
        agreement=float(agreed.mean()),
        low=float(low),
        high=float(high),
        baseline=float(max(chosen.mean(), 1 - chosen.mean())),
        found_share=float(named[chosen].mean()) if chosen.any() else 0.0,
        n_held_out=len(chosen),
    )


def _rules(tree: DecisionTreeClassifier, known: Sequence[Word], scale: float) -> tuple[FoundRule, ...]:
    """`scale` is how many customers each customer of the fit stands for."""
    facts = [word.fact for word in known]
    found = [FoundRule(words(leaf.steps, facts, said), leaf.value, round(leaf.n * scale)) for leaf in leaves(tree)]
    return tuple(sorted((rule for rule in found if rule.share > 0.5), key=lambda rule: (-rule.n, -rule.share)))


def set_apart(customers: CustomerFrame, chosen: BoolArray) -> tuple[Apart, ...]:
    """Return how the chosen differ from all others, the largest difference first; nothing where nobody is on one side.

    Parameters
    ----------
    customers : CustomerFrame
    chosen : ndarray of bool, shape (n_customers,)

    References
    ----------
    Hedges, Olkin: Statistical Methods for Meta-Analysis, 1985.
    """
    known = _known(customers.names)
    if not known or min(chosen.sum(), (~chosen).sum()) < 2:
        return ()
    # Column by column: of a million customers all facts at once would be in memory four times.
    columns = [customers.values[:, customers.names.index(word.name)] for word in known]
    effects = np.array([effect_sizes(np.log1p(column)[:, None], chosen)[0] for column in columns])
    halves = _wide_z(len(known)) * effect_errors(effects, int(chosen.sum()), int((~chosen).sum()))
    means = [(column[chosen].mean(), column[~chosen].mean()) for column in columns]
    return tuple(
        Apart(
            known[i].name,
            known[i].label,
            known[i].unit,
            float(effects[i]),
            float(effects[i] - halves[i]),
            float(effects[i] + halves[i]),
            *map(float, means[i]),
        )
        for i in np.argsort(-np.abs(effects), kind="stable")
    )


def _wide_z(n_looks: int) -> float:
    return NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * n_looks))
