"""What time it is in the shop."""

from datetime import datetime, timedelta

from loyalty.queries.orders import data_horizon

# A shop at work takes orders; data whose newest order is older than this are of a time gone by, as the demo's are.
STILL_AT_WORK = timedelta(days=90)


def shop_time(at: datetime) -> datetime:
    """Now; for data of a time gone by, the end of that time, or nothing in them could be planned or looked at."""
    horizon = data_horizon()
    return horizon if horizon is not None and at - horizon > STILL_AT_WORK else at
