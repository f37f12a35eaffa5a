"""One new product: pieces, weeks, what it takes from, how unlike the others it is, and who is told to buy it first."""

import re

import numpy as np
import pytest

from campaigns.engine.launches.forecast import simulate_launch
from campaigns.engine.launches.likes import ANY_KIND, Buyers, launches_alike
from campaigns.engine.launches.lines import Lines
from campaigns.engine.launches.model import learn_launches
from campaigns.engine.launches.novelty import NothingLikeIt, novelty
from campaigns.engine.launches.standing import Shelf
from campaigns.engine.launches.taking import at_stake, substitution
from campaigns.engine.launches.totals import LaunchEffect, PastLaunches
from campaigns.engine.launches.who import NOTHING_SPECIAL, SHOPS_OFTEN, reasons
from campaigns.engine.simulation import RedemptionCounts
from recommender.engine.attributes import Attributes
from recommender.engine.encoding import Encoding
from recommender.engine.history import CustomerHistory, PurchaseLog
from recommender.engine.launches.affinity import Affinity
from recommender.engine.launches.past import Launches, LaunchRule
from recommender.engine.launches.tastes import Tastes
from recommender.engine.launches.wide import Wide, standing_of
from tests.worlds import brand_world

DAYS = 56
CATALOGUE = Attributes(
    4,
    {"brand": np.array(["A", "A", "B", "B"]), "type": np.array(["tea", "tea", "tea", "ice"])},
    {"price": np.array([2.0, 4.0, 3.0, 9.0], dtype=np.float32)},
)


def product(brand="A", kind="tea", price=3.0):
    return Attributes(
        1,
        {"brand": np.array([brand]), "type": np.array([kind])},
        {"price": np.array([price], dtype=np.float32)},
    )


def lines(days, customers, products, pieces=None):
    order = np.argsort(days, kind="stable")
    n = np.ones(len(days)) if pieces is None else np.asarray(pieces, dtype=float)
    parts = (np.asarray(days, dtype=float), np.asarray(customers), np.asarray(products), n, n)
    return Lines(*(part[order] for part in parts))


def past(days, rows, buyers):
    return PastLaunches(np.array(days), np.array(rows), np.zeros((len(days), 1)), np.array(buyers))


def test_a_product_like_others_is_not_outside():
    assert novelty(CATALOGUE, product(), ("type",), maker="brand").variance == 0.0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (product(kind="jam"), "No product of this category was sold before."),
        (product(brand="C"), "No product of this brand was sold before."),
        (product(price=40.0), "Its price is far above what was seen: products of this category cost 2.00 to 4.00."),
        (product(price=0.5), "Its price is far below what was seen: products of this category cost 2.00 to 4.00."),
    ],
    ids=["category", "brand", "dear", "cheap"],
)
def test_what_is_new_about_a_product_is_said_and_widens(asked, said):
    new = novelty(CATALOGUE, asked, ("type",), maker="brand")

    assert new.outside == (said,)
    assert new.variance > 0


def test_a_product_of_which_nothing_was_ever_sold_is_refused():
    with pytest.raises(NothingLikeIt, match="would be a guess"):
        novelty(CATALOGUE, product("C", "jam"), ("type",), maker="brand")


def test_launches_are_alike_by_the_narrowest_kind_of_which_there_are_enough():
    shelf = Shelf.of(CATALOGUE)
    rows = [0, 1, 2, 3] * 5
    all_launches = past(list(range(20)), rows, [4] * 20)

    alike = launches_alike(all_launches, shelf, CATALOGUE, product(), ("type", "brand"))
    fewer = launches_alike(all_launches, shelf, CATALOGUE, product(kind="ice"), ("type",))

    assert (alike.kind, alike.value, len(alike.past)) == ("type", "tea", 15)
    assert (fewer.kind, len(fewer.past)) == (ANY_KIND, 20)


def test_first_purchases_are_counted_once_with_their_week_and_all_their_pieces():
    sold = lines([10, 12, 20, 70, 9], [1, 1, 2, 3, 4], [0, 0, 0, 0, 0], [1, 2, 1, 9, 9])

    buyers = Buyers.of(past([10], [0], [2]), sold, outcome_days=DAYS)

    assert buyers.week.tolist() == [0, 1]
    assert buyers.pieces.tolist() == [3, 1]
    curve = buyers.curve(outcome_days=DAYS, rng=np.random.default_rng(0))
    assert curve.weeks.tolist() == list(range(1, 9))
    assert curve.mid.tolist() == pytest.approx([0.5, *[1.0] * 7])
    assert (curve.low <= curve.mid).all()
    assert (curve.mid <= curve.high).all()


def substitution_world(rng, *, stops):
    """Thirty launches beside one old product; a buyer of the launch gives it up, or buys both."""
    days, customers, products = [], [], []
    launches = list(range(100, 100 + 30 * 200, 200))
    for row, day in enumerate(launches, start=1):
        for customer in range(60):
            buys_new = rng.random() < 0.3
            for when in (day - 30, day + 20):
                if when > day and stops and buys_new:
                    continue
                days.append(when)
                customers.append(60 * row + customer)
                products.append(0)
            if buys_new:
                days.append(day + 5)
                customers.append(60 * row + customer)
                products.append(row)
    return lines(days, customers, products), past(launches, list(range(1, 31)), [18] * 30)


def test_a_launch_whose_buyers_give_up_the_old_product_takes_from_it():
    rng = np.random.default_rng(1)
    sold, launches = substitution_world(rng, stops=True)

    learnt = substitution(launches, sold, np.zeros(31, dtype=np.int64), days=DAYS, rng=rng)

    assert learnt.is_told
    assert learnt.low <= 1.0 <= learnt.high
    assert learnt.share > 0.8


def test_a_launch_whose_buyers_buy_both_tells_nothing_of_taking():
    rng = np.random.default_rng(1)
    sold, launches = substitution_world(rng, stops=False)

    learnt = substitution(launches, sold, np.zeros(31, dtype=np.int64), days=DAYS, rng=rng)

    assert not learnt.is_told
    assert learnt.share == pytest.approx(0.0, abs=0.05)


def test_too_few_launches_tell_nothing_of_taking():
    rng = np.random.default_rng(1)
    sold, launches = substitution_world(rng, stops=True)

    few = launches.where(np.arange(30) < 5)
    learnt = substitution(few, sold, np.zeros(31, dtype=np.int64), days=DAYS, rng=rng)

    assert not learnt.is_told
    assert (learnt.low, learnt.high) == (0.0, 1.0)


def test_what_is_at_stake_is_what_likely_buyers_buy():
    sold = lines([1, 2, 3], [0, 1, 1], [0, 0, 1], [2, 4, 1])

    assert at_stake(sold, np.array([0, 1]), np.array([0.5, 0.1])).tolist() == pytest.approx([1.4, 0.1])


def test_figures_stay_within_the_customers_and_pieces_follow_buyers():
    counts = RedemptionCounts.from_redeemers(np.array([1, 3]))

    made = [
        simulate_launch(50.0, LaunchEffect(1.0, 1.0, 90), counts, price=2.0, n_customers=80, seed=5) for _ in range(2)
    ]

    assert made[0].figures == made[1].figures
    buyers, units, revenue = (made[0].figures[name] for name in ("buyers", "units", "revenue"))
    assert buyers.interval(0.95).high <= 80
    assert units.mean == pytest.approx(2 * buyers.mean, rel=0.05)
    assert revenue.mean == pytest.approx(2 * units.mean)
    tossed, honest = made[0].coin_toss.interval(0.9), buyers.interval(0.9)
    assert honest.high - honest.low > 1.5 * (tossed.high - tossed.low)


def test_the_reason_names_the_brand_that_a_customer_buys():
    found = Launches(
        brand_world(np.random.default_rng(2), n_days=300, n_launches=120), LaunchRule(warm_up_days=60, outcome_days=20)
    )
    model = learn_launches(found, until=230, rng=np.random.default_rng(0))
    day = next(iter(found.days(230, 260)))
    facts = day.facts.rows(np.array([0]))
    brand = str(facts.labels["brand"][0])
    order = np.argsort(-model.logits(day.history, facts, np.array([5.0]))[:, 0]).astype(np.int64)

    said = reasons(model.wide, day.history, facts, order)

    assert f"“{brand}”" in said[0]
    assert said[0].startswith("Bought ")
    log, labels = day.history[order[:1]].log, found.data.facts.labels
    named = [(labels["brand"] == word) | (labels["shelf"] == word) for word in re.findall("“(.+?)”", said[0])]
    came = np.floor(log.age_days[np.logical_and.reduce(named)[log.product_rows]])
    # Twice on a day is once.
    assert f" {len(np.unique(came))} times, last {came.min():.0f} day" in said[0]
    assert said[-1] in (NOTHING_SPECIAL, SHOPS_OFTEN)


def test_who_never_bought_the_kind_is_told_that_people_like_them_do():
    """Even customers buy the first four kinds, odd ones the last four; one of the even never bought the first."""
    rng, n, each = np.random.default_rng(0), 100, 6
    lines = np.stack([rng.integers(0, 4, each) + 4 * (number % 2) for number in range(n)])
    lines[0] = [1, 1, 2, 2, 3, 3]
    log = PurchaseLog(
        np.arange(n + 1) * each, np.sort(lines, axis=1).ravel().astype(np.int32),
        np.full(n * each, 3.0, dtype=np.float32), np.ones(n * each, dtype=np.float32),
    )  # fmt: skip
    facts = Attributes(16, {"category_1": np.array([f"Shop > {kind}" for kind in "abcdefgh" * 2])})
    affinity = Affinity.of(Encoding.of(facts), facts)
    tastes = Tastes.of("category_1", log, affinity.codes["category_1"], affinity.n_values("category_1"))
    weights = np.zeros(4 + 4 + 1 + 2, dtype=np.float32)
    weights[8] = 1.0
    standing = standing_of(affinity, np.zeros(16, dtype=np.int64))

    said = reasons(
        Wide(affinity, standing, weights, 0.0, tastes),
        CustomerHistory(log.matrix(16), log),
        facts.rows(np.array([0])),
        np.array([0, 1]),
    )

    assert said == ["Buys what buyers of “a” buy", NOTHING_SPECIAL]
