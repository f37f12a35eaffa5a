import numpy as np

from campaigns.engine.uplift.responders import responder_kinds


def test_the_four_kinds_by_what_people_do_with_and_without():
    without = np.array([0.2, 0.9, 0.1, 0.5])
    effects = np.array([0.3, 0.0, 0.0, -0.2])
    kinds = responder_kinds(without, effects, likely=0.5)
    assert kinds.tolist() == ["persuadable", "sure_thing", "lost_cause", "do_not_disturb"]
