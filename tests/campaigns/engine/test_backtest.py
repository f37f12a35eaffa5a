import numpy as np

from campaigns.engine.backtest import Entrant, as_served, contest, paired_gain
from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.reception import RidgeLogistic, TypeRate
from campaigns.engine.reception.boosted import BoostedReception
from tests.worlds import campaign_world

BASELINE = Entrant("type_rate", "Average rate", TypeRate)
LOGISTIC = Entrant("logistic", "Learnt response", RidgeLogistic)
BOOSTING = Entrant("boosting", "Boosting", BoostedReception, fewest_campaigns=10)


def shuffled(frame, rng):
    """The same responses, given to other people of the same campaign: nothing can be learnt."""
    redemptions = frame.redemptions.copy()
    for row in range(len(frame.campaigns)):
        here = frame.campaign_rows == row
        redemptions[here] = rng.permutation(redemptions[here])
    return ReceptionFrame(frame.customers, frame.campaigns, frame.campaign_rows, redemptions)


def test_model_serves_where_there_is_something_to_learn():
    world = campaign_world(np.random.default_rng(1), n_campaigns=9)

    outcome = contest(world, [BASELINE, LOGISTIC], np.random.default_rng(0))

    assert outcome.winner == "logistic"
    assert outcome.gains["logistic"].low > 0
    assert "better than the type's average rate" in outcome.verdict


def test_baseline_serves_where_there_is_nothing_to_learn():
    rng = np.random.default_rng(2)
    outcome = contest(shuffled(campaign_world(rng, n_campaigns=9), rng), [BASELINE, LOGISTIC], rng)

    assert outcome.winner == "type_rate"
    assert "so the average rate serves" in outcome.verdict
    assert "Not clearly better" in outcome.verdict_of("logistic")


def test_baseline_serves_while_nothing_can_be_tested():
    world = campaign_world(np.random.default_rng(3), n_campaigns=3)

    outcome = contest(world, [BASELINE, LOGISTIC], np.random.default_rng(0))

    assert outcome.winner == "type_rate"
    assert "Too few past campaigns" in outcome.verdict


def test_a_refinement_that_is_no_better_does_not_replace_the_simpler_model():
    world = campaign_world(np.random.default_rng(4), n_campaigns=12)

    outcome = contest(world, [BASELINE, LOGISTIC, BOOSTING], np.random.default_rng(0))

    assert outcome.winner == "logistic"
    assert outcome.gains["boosting"].low <= 0
    assert outcome.verdict_of("boosting") == "Not clearly better on past campaigns than a simpler one, which serves."


def test_refinements_wait_until_there_are_campaigns_enough():
    world = campaign_world(np.random.default_rng(5), n_campaigns=8)

    outcome = contest(world, [BASELINE, LOGISTIC, BOOSTING], np.random.default_rng(0))

    assert [entrant.name for entrant in outcome.entrants] == ["type_rate", "logistic"]


def test_what_would_have_served_was_chosen_before_the_campaign():
    outcome = contest(
        campaign_world(np.random.default_rng(6), n_campaigns=16), [BASELINE, LOGISTIC], np.random.default_rng(0)
    )

    served = as_served(outcome, np.random.default_rng(0))

    assert served[0] is outcome.baseline.entries[0]
    assert served[-1] is outcome.backtests["logistic"].entries[-1]


def test_what_is_tried_later_cannot_have_served_before():
    """Boosting is the only model here: until ten campaigns have closed the baseline serves, good or not."""
    world = campaign_world(np.random.default_rng(8), n_campaigns=16)

    outcome = contest(world, [BASELINE, BOOSTING], np.random.default_rng(0))
    served = as_served(outcome, np.random.default_rng(0))

    late = [entry is outcome.backtests["boosting"].entries[place] for place, entry in enumerate(served)]
    n_closed = [sum(c.closed_before(entry.campaign.decided_at) for c in world.campaigns) for entry in served]
    assert not any(is_boosting for is_boosting, n in zip(late, n_closed, strict=True) if n < 10)
    assert late[-1]


def test_nobody_gains_on_themselves():
    outcome = contest(campaign_world(np.random.default_rng(7), n_campaigns=8), [BASELINE], np.random.default_rng(0))

    gain = paired_gain(outcome.baseline.entries, outcome.baseline.entries, np.random.default_rng(0))

    assert gain is not None
    assert (gain.low, gain.mid, gain.high) == (0, 0, 0)
