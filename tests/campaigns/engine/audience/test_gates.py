import numpy as np

from campaigns.engine.audience.gates import Stop, first_stop, waterfall


def mask(*rows):
    return np.isin(np.arange(6), rows)


def test_the_first_closed_gate_tells_and_the_rest_is_not_counted_twice():
    closed = {Stop.BUDGET: mask(1, 2, 3), Stop.CONSENT: mask(0, 1), Stop.CONTACTS: mask(1, 2)}

    stops = first_stop(closed, 6)

    assert [Stop(stop) for stop in stops] == [
        Stop.CONSENT, Stop.CONSENT, Stop.CONTACTS, Stop.BUDGET, Stop.CHOSEN, Stop.CHOSEN,
    ]  # fmt: skip


def test_the_waterfall_goes_from_everybody_down_to_the_chosen():
    stops = first_stop({Stop.BUDGET: mask(3), Stop.CONSENT: mask(0, 1), Stop.HELD_OUT: mask()}, 6)

    steps = waterfall(stops)

    assert [(step.stop, step.n_out, step.n_left) for step in steps] == [(Stop.CONSENT, 2, 4), (Stop.BUDGET, 1, 3)]
