"""Where chance comes from: a stream of its own for every use, so that none moves when another draws more or less.

The same seed gives the same numbers in whatever order, and by however many workers, the parts are simulated.
"""

from zlib import crc32

import numpy as np


def stream(seed: int, use: str, part: int = 0) -> np.random.Generator:
    """Return the random stream of one use of a seed.

    Parameters
    ----------
    seed : int
        Not negative.
    use : str
        What is drawn, such as "forecast".
    part : int, default=0
        Which of several of the kind, such as the key of a segment; not negative.

    Notes
    -----
    `SeedSequence` with a spawn key (O'Neill 2015; NumPy, "Parallel random number generation"): streams with different
    keys are independent.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(crc32(use.encode()), part)))
