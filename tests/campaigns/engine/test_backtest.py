import numpy as np

from campaigns.engine.backtest import contest, fit_responder
from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.reception import ReceptionModel, TypeRate, responder_from_artefact
from tests.worlds import campaign_world


def shuffled(frame, rng):
    """The same responses, given to other people of the same campaign: nothing can be learnt."""
    redemptions = frame.redemptions.copy()
    for row in range(len(frame.campaigns)):
        here = frame.campaign_rows == row
        redemptions[here] = rng.permutation(redemptions[here])
    return ReceptionFrame(frame.customers, frame.campaigns, frame.campaign_rows, redemptions)


def test_model_serves_where_there_is_something_to_learn():
    outcome = contest(campaign_world(np.random.default_rng(1), n_campaigns=9), np.random.default_rng(0))

    assert outcome.model_wins
    assert outcome.winner is outcome.model
    assert "better than the type's average rate" in outcome.verdict


def test_baseline_serves_where_there_is_nothing_to_learn():
    rng = np.random.default_rng(2)
    outcome = contest(shuffled(campaign_world(rng, n_campaigns=9), rng), rng)

    assert not outcome.model_wins
    assert outcome.winner is outcome.baseline
    assert "so the average rate serves" in outcome.verdict


def test_baseline_serves_while_nothing_can_be_tested():
    outcome = contest(campaign_world(np.random.default_rng(3), n_campaigns=3), np.random.default_rng(0))

    assert not outcome.model_wins
    assert "Too few past campaigns" in outcome.verdict


def test_both_estimators_come_back_from_their_artefacts():
    world = campaign_world(np.random.default_rng(4), n_campaigns=6)
    for use_model, kind in ((True, ReceptionModel), (False, TypeRate)):
        fitted = fit_responder(world, use_model=use_model)
        rebuilt = responder_from_artefact(*fitted.to_artefact())
        assert isinstance(rebuilt, kind)
        np.testing.assert_array_equal(rebuilt.logits(world.customers, "mail"), fitted.logits(world.customers, "mail"))
