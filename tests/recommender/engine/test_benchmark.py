import time

import numpy as np

from recommender.engine.benchmark import effort


def test_effort_is_the_time_and_the_memory_beyond_what_was_in_use():
    with effort() as taken:
        held = np.ones(20_000_000)
        time.sleep(0.1)

    assert held.nbytes / 2**20 * 0.9 < taken.peak_mb < held.nbytes / 2**20 * 2
    assert taken.seconds > 0.1
