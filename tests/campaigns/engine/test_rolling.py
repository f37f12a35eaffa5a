import numpy as np
import pytest

from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.ledger import calibration_error, ledger_metrics, score_entries
from campaigns.engine.reception import RidgeLogistic, TypeRate
from campaigns.engine.rolling import History, rolling_forecasts
from tests.worlds import campaign_world


def with_last_campaign_changed(frame):
    """The same world, but in the last campaign everybody who had not redeemed did, and the reverse."""
    last = frame.campaign_rows == len(frame.campaigns) - 1
    redemptions = np.where(last, 1 - np.minimum(frame.redemptions, 1), frame.redemptions)
    return ReceptionFrame(frame.customers, frame.campaigns, frame.campaign_rows, redemptions)


def test_nothing_later_changes_an_earlier_forecast():
    world = campaign_world(np.random.default_rng(6), n_campaigns=8)

    before = rolling_forecasts(world, RidgeLogistic)
    after = rolling_forecasts(with_last_campaign_changed(world), RidgeLogistic)

    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)
        assert one.effect == other.effect


def test_only_closed_windows_are_learnt_from():
    world = campaign_world(np.random.default_rng(7), n_campaigns=6)

    entries = rolling_forecasts(world, TypeRate, fewest_campaigns=3, fewest_responses=1)

    assert [entry.campaign.campaign_id for entry in entries] == [3, 4, 5]
    assert world.closed_before(world.campaigns[3].starts_at).n_campaigns == 3


@pytest.fixture(scope="module")
def many_campaigns():
    world = campaign_world(np.random.default_rng(8), n_campaigns=260, n_customers=200, effect_sd=0.5)
    return rolling_forecasts(world, RidgeLogistic, fewest_campaigns=20)


def test_honest_interval_holds_where_the_coin_toss_fails(many_campaigns):
    metrics = ledger_metrics(many_campaigns, np.random.default_rng(9))

    assert metrics.n_campaigns == 240
    # ± 2 standard errors of a share of .9 over 240 campaigns.
    assert 0.86 <= metrics.coverage[0.9] <= 0.94
    assert 0.44 <= metrics.coverage[0.5] <= 0.57
    assert metrics.coin_toss_coverage[0.9] < 0.65
    assert metrics.total_ratio == pytest.approx(1, abs=0.08)


def test_model_beats_the_type_rate_where_something_can_be_learnt():
    world = campaign_world(np.random.default_rng(10), n_campaigns=12)
    rng = np.random.default_rng(0)

    model = ledger_metrics(rolling_forecasts(world, RidgeLogistic), rng)
    baseline = ledger_metrics(rolling_forecasts(world, TypeRate), rng)

    assert model.auc > baseline.auc + 0.1
    assert model.brier < baseline.brier


def test_calibration_error_of_a_perfect_and_of_a_doubled_forecast():
    rng = np.random.default_rng(11)
    chances = rng.uniform(0.05, 0.4, 50_000)
    responded = rng.random(50_000) < chances

    assert calibration_error(chances, responded) < 0.01
    assert calibration_error(2 * chances, responded) == pytest.approx(chances.mean(), abs=0.01)


def test_scoreboard_keeps_the_order_and_the_real_number(many_campaigns):
    lines = score_entries(many_campaigns[:3], np.random.default_rng(0))

    assert [line.campaign for line in lines] == [entry.campaign for entry in many_campaigns[:3]]
    assert [line.actual for line in lines] == [int(e.responded.sum()) for e in many_campaigns[:3]]


def test_empty_ledger_is_refused():
    with pytest.raises(ValueError, match="empty"):
        ledger_metrics([], np.random.default_rng(0))


@pytest.mark.parametrize(("campaigns", "responses", "enough"), [(5, 50, True), (4, 500, False), (20, 49, False)])
def test_history_must_be_long_enough(campaigns, responses, enough):
    assert History(campaigns, responses).is_enough is enough
