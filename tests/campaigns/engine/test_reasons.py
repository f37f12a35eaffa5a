import numpy as np

from campaigns.engine.frames import CustomerFrame
from campaigns.engine.reasons import FEATURE_NAMES, REASONS, reason_contributions, sentences


def customer(**values):
    row = np.array([[float(values.get(name, 0)) for name in FEATURE_NAMES]])
    return CustomerFrame(np.array([1]), row, FEATURE_NAMES)


def parts(**by_label):
    return np.array([[by_label.get(reason.label, 0.0) for reason in REASONS]])


def test_every_feature_belongs_to_one_reason_and_adds_up():
    contributions = np.random.default_rng(1).normal(size=(5, len(FEATURE_NAMES)))

    gathered = reason_contributions(contributions, FEATURE_NAMES)

    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    np.testing.assert_allclose(gathered.sum(axis=1), contributions.sum(axis=1))


def test_says_what_speaks_for_it_most():
    frame = customer(coupon_orders=12, orders=30, campaigns_taken=2, campaigns_received=5)

    assert sentences(frame, parts(**{"Uses coupons": 0.9, "Took earlier campaigns": 0.2})) == [
        "Used a coupon in 12 of 30 orders"
    ]


def test_says_what_speaks_against_it_when_nothing_speaks_for_it():
    against = parts(**{reason.label: -0.1 for reason in REASONS} | {"Uses coupons": -2.0})

    assert sentences(customer(orders=9), against) == ["Has never used a coupon"]
