"""Plans side by side, as bars of growing certainty."""

from collections.abc import Sequence
from datetime import datetime

from campaigns.charts.intervals import IntervalRow, Words, interval_chart
from loyalty.charts import Chart

BARS = "The darker a bar, the likelier: 95, 90, 80 and 50% intervals"


def profit_of_plans_chart(
    rows: Sequence[IntervalRow], *, answer: str, currency: str, sign: str, as_of: datetime
) -> Chart:
    """Which plan leaves the most, and how sure that is."""
    unit = f"Profit in {currency}; your assumptions times tested counts. {BARS}"
    return interval_chart(
        rows, Words("Which plan leaves the most?", answer, unit, "profit-of-plans", as_of), prefix=sign
    )


def takers_of_plans_chart(rows: Sequence[IntervalRow], *, answer: str, as_of: datetime) -> Chart:
    """How many take each plan."""
    unit = f"Customers; tested on past campaigns. {BARS}"
    return interval_chart(rows, Words("How many would take each?", answer, unit, "takers-of-plans", as_of))
