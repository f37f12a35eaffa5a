"""Season factors: read once for the shop, the same for every customer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from loyalty.engine.features import Feature
from loyalty.engine.season import season_factors
from loyalty.queries.frames import copy_frame

SOURCE = "season"
DAILY = """
SELECT ((o.ordered_at AT TIME ZONE %(zone)s)::date - (%(as_of)s AT TIME ZONE %(zone)s)::date)::int8 AS day,
    count(*) AS n
FROM loyalty_order o
WHERE o.ordered_at < %(as_of)s AND o.ordered_at >= %(as_of)s - interval '1830 days' AND o.reverses_id IS NULL
    AND (%(currency)s = '' OR o.currency = %(currency)s)
GROUP BY 1 ORDER BY 1
"""
SEASON = tuple(
    Feature(name, label, "times the average", "Season of the shop", "number", SOURCE, "", default=1.0)
    for name, label in (
        ("season_weekday_factor", "Orders on such a weekday"),
        ("season_week_factor", "Orders in the same week last year (1 until two years are known)"),
        ("season_month_factor", "Orders in such a month (1 until two years are known)"),
    )
)


def season(params: Mapping[str, Any]) -> dict[str, float]:
    """Factors by name as of the moment and in the zone of `params`. The day of that moment itself is not over."""
    frame = copy_frame(DAILY, params)
    days, counts = frame["day"].to_numpy(), frame["n"].to_numpy()
    daily = np.zeros(int(-days.min()) if len(days) and days.min() < 0 else 0)
    daily[days[days < 0] + len(daily)] = counts[days < 0]
    as_of: datetime = params["as_of"]
    return season_factors(daily, as_of.astimezone(ZoneInfo(params["zone"])).date())
