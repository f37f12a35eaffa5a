from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from recommender.engine.dataset import FRAME_SCHEMA, InteractionMatrix
from recommender.engine.reasons import evidence

UNTIL = datetime(2024, 3, 1, tzinfo=UTC)


def day(number):
    return datetime(2024, 1, number, 15, tzinfo=UTC)


def test_evidence_counts_dates_and_shares():
    rows = [(1, 10, day(1)), (1, 10, day(9)), (1, 11, day(2)), (2, 11, day(3)), (2, 11, UNTIL), (3, 10, UNTIL)]
    columns = {
        "customer_id": [row[0] for row in rows],
        "product_id": [row[1] for row in rows],
        "weight": [1.0] * len(rows),
        "occurred_at": [row[2] for row in rows],
    }
    frame = pa.table(columns, schema=FRAME_SCHEMA)
    history = InteractionMatrix.from_frame(frame, until=UNTIL)

    found = evidence(frame, history, np.array([[0, 1, -1], [1, 0, -1]]), until=UNTIL)

    assert found.times_bought.tolist() == [[2, 1, 0], [1, 0, 0]]
    assert found.cell(0, 0) == (2, date(2024, 1, 9), 0.5)
    assert found.cell(1, 0) == (1, date(2024, 1, 3), 1.0)
    assert found.cell(1, 1) == (0, None, 0.5)
    assert found.buyers_share[0, 2] == 0
