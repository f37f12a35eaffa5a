import numpy as np
import pytest

from segments.engine.histories import Histories
from segments.engine.lifecycle import LifecycleSpec, find_lifecycle
from segments.engine.rhythm import Rhythm, TooLittleHistory, learnt_rhythm, return_curve
from segments.engine.states import (
    ACTIVE,
    AT_RISK,
    FIRST_TIME,
    INACTIVE,
    LEAD,
    NOT_YET,
    STATES,
    WON_BACK,
    LifecycleRule,
    Limits,
    rule_of_facts,
    states,
    states_over_time,
)

DAYS = 500
RULE = LifecycleRule(
    rhythm=Rhythm(mean_log=float(np.log(10)), within=0.09, between=0.09),
    once=Limits(1.0, 2.0),
    again=Limits(2.0, 4.0),
    horizon_days=28,
    usual_chance=0.9,
    chosen_on_day=0,
)


def visits(*days_of_customers):
    customer = np.repeat(np.arange(len(days_of_customers)), [len(days) for days in days_of_customers])
    day = np.concatenate([np.array(days, np.int64) for days in days_of_customers])
    return Histories(customer, day, np.ones(len(day), np.int64), np.full(len(day), 5.0), len(days_of_customers))


def planted_shop(rng, n=1500, leaving=0.4):
    """Every customer keeps a rhythm of their own; some leave for good on a day of their own."""
    rhythms, leaves = rng.lognormal(np.log(9), 0.7, n), np.full(n, DAYS)
    gone = rng.random(n) < leaving
    leaves[gone] = rng.integers(60, DAYS, gone.sum())
    histories = []
    for usual, until in zip(rhythms, leaves, strict=True):
        days = rng.integers(0, 40) + np.cumsum(np.maximum(rng.lognormal(np.log(usual), 0.5, 200), 1)).astype(int)
        days = np.unique(days[days < until])
        histories.append(days if len(days) else np.array([0]))
    return visits(*histories), gone, leaves, rhythms


@pytest.fixture(scope="module")
def shop():
    return planted_shop(np.random.default_rng(5))


def test_the_rhythm_of_a_planted_shop_is_learnt(shop):
    rhythm = learnt_rhythm(shop[0])

    assert rhythm.mean_log == pytest.approx(np.log(9), abs=0.1)
    assert rhythm.within**0.5 == pytest.approx(0.5, abs=0.05)
    assert rhythm.between**0.5 == pytest.approx(0.7, abs=0.08)


def test_who_left_is_told_from_who_stays(shop):
    known, gone, leaves, usual = shop
    found = find_lifecycle(known, as_of_day=DAYS, spec=LifecycleSpec())

    state = states(known, found.rule, DAYS, np.zeros(known.n_customers, np.int64))

    away_for_long = gone & (leaves < DAYS - 12 * usual)
    assert np.isin(state[away_for_long], [AT_RISK, INACTIVE]).mean() > 0.95
    assert np.isin(state[~gone], [ACTIVE, FIRST_TIME, WON_BACK]).mean() > 0.95


def test_the_same_silence_means_different_things_to_different_rhythms():
    weekly, monthly = np.arange(0, 300, 5), np.arange(0, 300, 30)
    known = visits(weekly, monthly)

    state = states(known, RULE, 315, np.zeros(2, np.int64))

    assert state.tolist() == [INACTIVE, ACTIVE]


def test_the_backtest_says_what_then_happened(shop):
    found = find_lifecycle(shop[0], as_of_day=DAYS, spec=LifecycleSpec())

    told = {STATES[one.state]: one for one in found.came_back}

    assert told["active"].low > told["at_risk"].high > 0
    assert told["at_risk"].share < 0.6 * found.rule.usual_chance
    assert told["at_risk"].share > told["inactive"].share
    for one in told.values():
        assert one.low <= one.share <= one.high


def test_the_rule_knows_nothing_of_the_time_it_is_tried_on(shop):
    known = shop[0]
    chosen_on = find_lifecycle(known, as_of_day=DAYS, spec=LifecycleSpec()).rule.chosen_on_day
    later = known.day >= chosen_on
    # What comes later is thrown away for four customers in five: the rule stays to the bit.
    kept = ~later | (np.random.default_rng(9).random(len(known)) < 0.2)
    other = Histories(known.customer[kept], known.day[kept], known.orders[kept], known.amount[kept], known.n_customers)

    assert (
        find_lifecycle(other, as_of_day=DAYS, spec=LifecycleSpec()).rule
        == find_lifecycle(known, as_of_day=DAYS, spec=LifecycleSpec()).rule
    )


def test_a_whole_life():
    # Orders at 100, 110, …, 150, is away for 150 days, comes back and keeps the rhythm.
    back = [300, 310, 320, 330, 340]
    known = visits([*range(100, 160, 10), *back])
    days = [50, 101, 115, 155, 185, 260, 301, 321, 345]

    found = states_over_time(known, RULE, days, np.array([40]))[:, 0]

    assert found.tolist() == [
        LEAD, FIRST_TIME, ACTIVE, ACTIVE, AT_RISK, INACTIVE, WON_BACK, WON_BACK, ACTIVE,
    ]  # fmt: skip


def test_nobody_is_a_lead_before_they_are_known():
    known = visits([200])
    assert states(known, RULE, 100, np.array([150])).tolist() == [NOT_YET]
    assert states(known, RULE, 160, np.array([150])).tolist() == [LEAD]


def test_one_order_is_judged_by_the_shops_rhythm():
    known = visits([100], [100])
    at = [101, 118, 140]
    assert [int(states(known, RULE, day, np.zeros(2, np.int64))[0]) for day in at] == [FIRST_TIME, AT_RISK, INACTIVE]


def test_a_curve_that_was_planted_is_found():
    rng = np.random.default_rng(2)
    silence = rng.uniform(-2, 4, 60_000)
    chance = 1 / (1 + np.exp(0.9 * np.maximum(silence, 0) - 1.5))

    curve = return_curve(silence, (rng.random(len(silence)) < chance).astype(float))

    assert (curve.level, curve.slope) == (pytest.approx(1.5, abs=0.08), pytest.approx(0.9, abs=0.05))
    assert curve.silence_of(0.5) == pytest.approx(1.5 / 0.9, abs=0.1)


def test_where_silence_says_nothing_nobody_is_at_risk():
    rng = np.random.default_rng(3)
    silence = rng.uniform(0, 3, 20_000)
    curve = return_curve(silence, (rng.random(len(silence)) < 0.6).astype(float))
    assert curve.silence_of(0.3) > 10


@pytest.mark.parametrize("case", ["short", "nobody comes again"])
def test_refuses_with_the_reason(case):
    if case == "short":
        with pytest.raises(TooLittleHistory, match="orders of 31 days; at least 120"):
            find_lifecycle(visits([0, 10, 20], [30]), as_of_day=31, spec=LifecycleSpec())
    else:
        once = visits(*[[day] for day in range(300)])
        with pytest.raises(TooLittleHistory, match="Only 0 customers came again"):
            find_lifecycle(once, as_of_day=301, spec=LifecycleSpec())


def test_a_rule_survives_being_written_down():
    facts = {
        "rhythm": {"mean_log": 2.0, "within": 0.5, "between": 0.4},
        "once": {"at_risk": 0.0, "inactive": None},
        "again": {"at_risk": 2.0, "inactive": 3.0},
        "horizon_days": 28,
        "usual_chance": 0.5,
        "chosen_on_day": 100,
    }
    rule = rule_of_facts(facts)
    assert rule.once == Limits(0.0, float("inf"))
    assert rule.rhythm.worth == pytest.approx(1.25)
