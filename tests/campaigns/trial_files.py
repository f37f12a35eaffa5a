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


EMAIL_COLUMNS = (
    "recency", "history_segment", "history", "mens", "womens", "zip_code", "newbie", "channel", "segment", "visit",
    "conversion", "spend",
)  # fmt: skip


def write_email_trial(path: Path, *, n_people: int, effect: float = 0.06, seed: int = 1) -> Path:
    """Three groups of equal size as a public file of an e-mail trial has them; both e-mails change everybody alike."""
    rng = np.random.default_rng(seed)
    history = np.round(rng.gamma(1.2, 200, n_people) + 29.99, 2)
    place = np.searchsorted([100, 200, 350, 500, 750, 1000], history)
    spans = ["1) $0 - $100", "2) $100 - $200", "3) $200 - $350", "4) $350 - $500", "5) $500 - $750", "6) $750 - $1,000"]
    mens = rng.integers(0, 2, n_people)
    columns = {
        "recency": rng.integers(1, 13, n_people),
        "history_segment": np.array([*spans, "7) $1,000 +"])[place],
        "history": history,
        "mens": mens,
        "womens": np.where(rng.random(n_people) < 0.1, 1, 1 - mens),
        "zip_code": rng.choice(["Surburban", "Rural", "Urban"], n_people),
        "newbie": rng.integers(0, 2, n_people),
        "channel": rng.choice(["Phone", "Web", "Multichannel"], n_people),
        "segment": rng.choice(["Womens E-Mail", "No E-Mail", "Mens E-Mail"], n_people),
    }
    told = columns["segment"] != "No E-Mail"
    visit = rng.random(n_people) < 0.06 + 0.006 * place + effect * told
    conversion = visit & (rng.random(n_people) < 0.1)
    spend = np.where(conversion, np.round(rng.gamma(2.0, 50, n_people), 2), 0)
    after = {"visit": visit.astype(int), "conversion": conversion.astype(int), "spend": spend}
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(EMAIL_COLUMNS)
        lines.writerows(zip(*(column.tolist() for column in (columns | after).values()), strict=True))
    return path
