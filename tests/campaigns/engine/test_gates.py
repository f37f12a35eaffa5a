import numpy as np

from campaigns.engine.allotment import NO_CAP, Question
from campaigns.engine.assignment import assign
from campaigns.engine.gates import Gate, first_closed, last_gates


def question(gains, **limits):
    gains = np.asarray(gains, dtype=float)
    given = {"spend": np.ones_like(gains), "is_allowed": np.ones(gains.shape, dtype=bool)}
    return Question(gains, **{**given, "caps": np.full(gains.shape[1], NO_CAP), **limits})


def gates(asked, stopped=None):
    found = np.zeros(asked.gains.shape, dtype=np.int16) if stopped is None else stopped
    return [[Gate(gate).name for gate in row] for row in last_gates(asked, assign(asked), found)]


def test_the_first_closed_gate_decides_whatever_the_order_they_are_told_in():
    stock = np.array([[True, False]])
    consent = np.array([[False], [True]])

    for closed in ({Gate.STOCK: stock, Gate.CONSENT: consent}, {Gate.CONSENT: consent, Gate.STOCK: stock}):
        found = first_closed(closed, (2, 2))
        assert found.tolist() == [[Gate.STOCK, 0], [Gate.CONSENT, Gate.CONSENT]]


def test_nothing_closed_stops_nobody():
    assert not first_closed({}, (2, 3)).any()


def test_each_offer_is_told_where_it_stopped():
    assert gates(question([[2.0, 1.0, -1.0], [-1.0, -2.0, -3.0]])) == [
        ["CHOSEN", "BETTER", "VALUE"],
        ["VALUE", "VALUE", "VALUE"],
    ]


def test_what_the_cap_and_the_budget_keep_back_is_told_as_that():
    assert gates(question([[2.0], [1.0]], caps=np.array([1]))) == [["CHOSEN"], ["CAP"]]
    assert gates(question([[2.0], [1.0]], budget=1.0)) == [["CHOSEN"], ["BUDGET"]]


def test_an_offer_that_does_not_pay_the_contact_is_of_no_value():
    assert gates(question([[0.4]], contact_cost=0.5)) == [["VALUE"]]


def test_what_a_gate_stopped_stays_stopped():
    stopped = np.array([[Gate.CONSENT]], dtype=np.int16)

    assert gates(question([[2.0]], is_allowed=np.array([[False]])), stopped) == [["CONSENT"]]
