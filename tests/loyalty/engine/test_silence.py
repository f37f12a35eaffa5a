import numpy as np
import pytest
from scipy.stats import poisson

from loyalty.engine.silence import SilenceRule, false_discovery_rates, find_silence, still_silent
from loyalty.engine.silence_trial import Purchases, TooFewProducts, judge, plant, plantable, run_trials, summary
from tests.worlds import silence_world

END = 200


@pytest.fixture(scope="module")
def world():
    return silence_world(np.random.default_rng(0))


def flagged(found):
    return found.scores.product[found.scores.is_flagged].tolist()


def test_where_nothing_is_planted_nothing_is_flagged(world):
    found = judge(world, as_of_day=END)

    assert len(found.scores.product) == 120
    assert flagged(found) == []


def test_planted_products_are_found_and_no_others(world):
    trials = list(run_trials(world, as_of_day=END, n_planted=4, share=0.2, seeds=range(5), fewest_buyers=40))

    told = summary(trials, np.random.default_rng(0))
    assert told.recall[0] >= 0.9
    assert told.worst_false_flags <= 1
    assert told.recall[1] <= told.recall[0] <= told.recall[2]


def test_a_product_that_only_lies_in_the_same_baskets_is_innocent(world):
    guilty, innocent = 501, 502
    # Whoever buys the guilty one takes the other along: every silence of the one is charged to both.
    along = world.product == guilty
    other = world.product == innocent
    pairs = Purchases(
        np.r_[world.customer[~other], world.customer[along]],
        np.r_[world.product[~other], np.full(along.sum(), innocent)],
        np.r_[world.day[~other], world.day[along]],
    )
    # A few buy it for other reasons, so that the two can be told apart.
    alone = np.unique(world.customer)[::4]
    pairs = Purchases(
        np.r_[pairs.customer, alone],
        np.r_[pairs.product, np.full(len(alone), innocent)],
        np.r_[pairs.day, np.full(len(alone), -1)],
    )
    planted = plant(pairs, judge(pairs, as_of_day=END), np.array([guilty]), 0.2, np.random.default_rng(1))

    found = judge(planted, as_of_day=END)

    assert guilty in flagged(found)
    assert innocent not in flagged(found)
    charged = found.firsts.product == innocent
    silences = found.visits.is_silent[found.firsts.visit[charged]].sum()
    # Without setting the explained visits aside it would have been flagged.
    expected = found.scores.expected[found.scores.product == guilty][0]
    assert poisson.sf(silences - 1, expected) < 1e-6
    assert found.scores.observed[found.scores.product == innocent][0] <= 2


def test_the_evidence_is_as_long_as_the_count(world):
    planted = plant(world, judge(world, as_of_day=END), np.array([510, 520]), 0.3, np.random.default_rng(2))

    found = judge(planted, as_of_day=END)

    listed = found.counted & found.visits.is_silent[found.firsts.visit]
    for product, observed in zip(found.scores.product, found.scores.observed, strict=True):
        assert (found.firsts.product[listed] == product).sum() == observed


def test_as_many_are_expected_as_there_are(world):
    scores = judge(world, as_of_day=END).scores

    assert scores.expected.sum() == pytest.approx(scores.observed.sum(), rel=0.02)
    assert ((scores.ratio.low <= scores.ratio.mean) & (scores.ratio.mean <= scores.ratio.high)).all()


def test_what_comes_later_changes_nothing(world):
    early = world.day < 150
    known = find_silence(world.customer[early], world.product[early], world.day[early], as_of_day=150)
    whole = find_silence(world.customer, world.product, world.day, as_of_day=150)

    assert (known.scores.p == whole.scores.p).all()


def test_the_order_of_the_rows_does_not_matter(world):
    mixed = np.random.default_rng(5).permutation(len(world.day))

    one = judge(world, as_of_day=END)
    other = find_silence(world.customer[mixed], world.product[mixed], world.day[mixed], as_of_day=END)

    assert (one.scores.p == other.scores.p).all()


def test_products_with_few_buyers_are_not_judged(world):
    found = find_silence(
        world.customer, world.product, world.day, as_of_day=END, rule=SilenceRule(fewest_buyers=10_000)
    )

    assert len(found.scores.product) == 0
    assert flagged(found) == []


def test_who_is_silent_now_is_known_by_their_last_visit(world):
    gone = world.customer == 1000
    stays = ~gone | (world.day < 100)
    bought = Purchases(world.customer[stays], world.product[stays], world.day[stays])

    found = judge(bought, as_of_day=END)

    rows = still_silent(found.visits)
    assert 1000 in found.visits.customer[rows]
    assert (found.visits.day[rows] + found.visits.allowed_gap[rows] < END).all()


def test_nothing_bought_at_all():
    nothing = np.zeros(0, np.int64)
    assert flagged(find_silence(nothing, nothing, nothing, as_of_day=10)) == []


def test_false_discovery_rates_as_published():
    # Benjamini & Hochberg 1995, section 3.2: at 5 % the first four of fifteen are rejected.
    p = np.array([
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
        0.7590, 1.0,
    ])  # fmt: skip

    assert (false_discovery_rates(p) <= 0.05).sum() == 4
    assert false_discovery_rates(p)[3] == pytest.approx(0.0095 * 15 / 4)


def test_trials_want_products_to_choose_from(world):
    with pytest.raises(TooFewProducts, match="to be planted"):
        list(run_trials(world, as_of_day=END, n_planted=8, share=0.2, seeds=range(1), fewest_buyers=10_000))
    assert len(plantable(judge(world, as_of_day=END), fewest_buyers=40)) == 120
