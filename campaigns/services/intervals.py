"""A forecast number as the columns it is kept in."""

from campaigns.engine.simulation import MetricForecast


def told_columns(figure: MetricForecast) -> dict[str, float]:
    """Middle, mean and both ends at every level."""
    ends = {"mid": figure.mid, "mean": figure.mean}
    for interval in figure.intervals:
        level = f"{interval.level * 100:.0f}"
        ends |= {f"low_{level}": interval.low, f"high_{level}": interval.high}
    return ends
