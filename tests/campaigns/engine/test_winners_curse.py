"""Whoever is picked by a model looks keener than they are: measured in worlds whose truth is known."""

import numpy as np
import pytest
from scipy.special import expit

from campaigns.engine.frames import CustomerFrame, ReceptionFrame
from campaigns.engine.reception import RidgeLogistic, TypeRate
from campaigns.engine.winners_curse import drawn_together, kept_spread
from tests.worlds import campaign_world

N_NOISE = 20
N_TO_PICK_FROM = 10_000
# Shares of everybody that are picked.
DEPTHS = (0.1, 0.2, 0.3)


def noisy_world(rng, n_campaigns, n_customers):
    """As `campaign_world`, with twenty more columns that mean nothing."""
    plain = campaign_world(rng, n_campaigns=n_campaigns, n_customers=n_customers, effect_sd=0.3)
    noise = rng.poisson(2.0, (len(plain.customers), N_NOISE))
    names = (*plain.customers.names, *(f"noise_{number}" for number in range(N_NOISE)))
    customers = CustomerFrame(plain.customers.customer_ids, np.hstack([plain.customers.values, noise]), names)
    return ReceptionFrame(customers, plain.campaigns, plain.campaign_rows, plain.redemptions)


def hope(n_campaigns, n_customers, n_worlds):
    """Takers expected of the picked over those to be expected in truth, by depth: as scored, and drawn together."""
    found = np.zeros((2, len(DEPTHS), 2))
    for number in range(n_worlds):
        rng = np.random.default_rng([3, number])
        past = noisy_world(rng, n_campaigns, n_customers)
        customers = noisy_world(rng, 1, N_TO_PICK_FROM).customers
        logits = RidgeLogistic().fit(past).logits(customers, "mail")
        truth = expit(-3.5 + 1.2 * np.log1p(customers.values[:, 0]))
        best_first = np.argsort(-logits)
        nearer = drawn_together(logits, kept_spread(past, RidgeLogistic))
        for row, chances in enumerate((expit(logits), expit(nearer))):
            # A campaign that went well lifts the whole forecast: what is asked here is who is picked from it.
            level = chances.sum() / truth.sum()
            for column, depth in enumerate(DEPTHS):
                picked = best_first[: int(depth * len(best_first))]
                found[row, column] += chances[picked].sum() / level, truth[picked].sum()
    return found[..., 0] / found[..., 1]


@pytest.mark.parametrize(("n_campaigns", "n_customers"), [(5, 200), (10, 300)], ids=["five", "ten"])
def test_of_the_picked_as_many_are_expected_as_are_to_be(n_campaigns, n_customers):
    as_scored, drawn = hope(n_campaigns, n_customers, n_worlds=12)

    assert drawn == pytest.approx(1, abs=0.05)
    assert (as_scored > drawn + 0.02).all()
    assert as_scored[0] > 1.06


def test_nothing_is_taken_back_where_the_model_holds():
    world = campaign_world(np.random.default_rng(5), n_campaigns=30)

    assert kept_spread(world, RidgeLogistic) > 0.97


def test_drawn_together_keeps_the_order_and_the_expected_total():
    logits = np.random.default_rng(6).normal(-3, 1.5, 5_000)

    nearer = drawn_together(logits, 0.7)

    assert expit(nearer).sum() == pytest.approx(expit(logits).sum(), rel=1e-9)
    np.testing.assert_array_equal(np.argsort(nearer, kind="stable"), np.argsort(logits, kind="stable"))
    assert np.ptp(nearer) == pytest.approx(0.7 * np.ptp(logits))
    assert drawn_together(logits, 1.0) is logits


def test_who_cannot_be_told_apart_is_not_drawn_together():
    world = campaign_world(np.random.default_rng(7), n_campaigns=6)

    assert kept_spread(world, TypeRate) == 1
    assert kept_spread(world.only([0]), RidgeLogistic) == 1
    assert len(drawn_together(np.empty(0), 0.5)) == 0
