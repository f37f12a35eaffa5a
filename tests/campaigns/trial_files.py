"""Files of finished randomised campaigns, as people have them."""

import csv
from pathlib import Path

import numpy as np

from campaigns.engine.uplift.planted import planted_trial


def write_trial(path: Path, *, n_people: int = 1500, seed: int = 1, **world: float) -> Path:
    """A trial with a planted answer as a CSV file: one row a person, with spending and an id."""
    frame = planted_trial(np.random.default_rng(seed), n_people=n_people, **world)
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["customer_id", "mailing", "bought", "revenue", "town", "visits", "spend before"])
        for row in range(n_people):
            town = "Rome" if frame.values[row, 0] else "Oslo"
            arm, bought = frame.arms[frame.arm_rows[row]], int(frame.outcome[row])
            known = [int(frame.values[row, 1]), f"{frame.values[row, 2]:.2f}"]
            lines.writerow([f"c{row}", arm, bought, 20 * bought, town, *known])
    return path
