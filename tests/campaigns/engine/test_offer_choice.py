"""A world in which people take offers on what they buy, and one in which they take any."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from campaigns.engine.offer_choice import Choices, OfferChoice, equal_shares, foretell_newest

N_OFFERS = 6


def world(weight, seed=0, n_choices=600, n_campaigns=6):
    """Choices among six offers; utility is `weight` times the logarithm of one more than the lines bought."""
    rng = np.random.default_rng(seed)
    features = np.zeros((n_choices, N_OFFERS, 3))
    features[:, :, 0] = rng.poisson(2, (n_choices, N_OFFERS))
    features[:, :, 1] = rng.poisson(5, (n_choices, N_OFFERS))
    features[:, :, 2] = 10
    utility = weight * np.log1p(features[:, :, 0]) + rng.gumbel(size=(n_choices, N_OFFERS))
    starts = np.arange(n_choices) * N_OFFERS
    campaigns = np.sort(rng.integers(0, n_campaigns, n_choices))
    return Choices(
        features.reshape(-1, 3), starts, starts + utility.argmax(axis=1), rng.integers(0, 200, n_choices), campaigns
    )


def test_the_planted_weight_is_found():
    coef = OfferChoice().fit(world(1.5, n_choices=4_000)).coef_

    assert coef == pytest.approx([1.5, 0.0, 0.0], abs=0.12)


def test_shares_follow_what_was_bought_and_sum_to_one():
    choice = OfferChoice().fit(world(1.5))

    shares = choice.shares(np.array([[[9.0, 0, 10], [0.0, 0, 10]], [[1.0, 3, 10], [1.0, 3, 10]]]))

    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert shares[0, 0] > 0.9
    assert shares[1, 0] == pytest.approx(0.5)


def test_a_gain_is_clear_where_people_choose_and_not_where_they_take_any():
    chosen = foretell_newest(world(1.5), np.random.default_rng(1))
    unclear = [foretell_newest(world(0.0, seed), np.random.default_rng(seed)).is_clear for seed in range(10)]

    assert chosen.is_clear
    assert chosen.low < chosen.mean < chosen.high
    assert sum(unclear) <= 1


def test_too_few_choices_are_never_clear():
    assert not foretell_newest(world(3.0, n_choices=60, n_campaigns=2), np.random.default_rng(0)).is_clear
    assert (
        foretell_newest(world(1.0).of_campaigns(np.array([], dtype=np.int64)), np.random.default_rng(0)).n_choices == 0
    )


def test_without_choices_every_offer_has_the_same_share():
    nothing = world(1.0).of_campaigns(np.array([99]))
    features = np.random.default_rng(0).poisson(3, (2, 4, 3)).astype(float)

    for choice in (equal_shares(), OfferChoice().fit(nothing)):
        assert choice.shares(features) == pytest.approx(np.full((2, 4), 0.25))


def test_a_part_keeps_its_choices():
    whole = world(1.0)

    part = whole.of_campaigns(np.array([1, 3]))

    kept = np.isin(whole.campaigns, [1, 3])
    assert part.customers.tolist() == whole.customers[kept].tolist()
    assert part.features[part.taken].tolist() == whole.features[whole.taken[kept]].tolist()


def test_it_has_to_be_fitted_first():
    with pytest.raises(NotFittedError):
        OfferChoice().shares(np.zeros((1, 2, 3)))
