"""How many of each segment took a campaign that has ended, beside what was expected of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from campaigns.models import Simulation
from campaigns.queries.candidates import current_segments, segments_found_on
from campaigns.queries.reception import campaign_reception


def with_takers(simulation: Simulation, lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The lines with `took`, as long as the segments are still those by which the forecast was sorted."""
    found_on = segments_found_on()
    if found_on is None or any(line.get("found_on") != found_on.isoformat() for line in lines):
        return list(lines)
    campaign = simulation.campaign
    reception = campaign_reception(campaign_id=campaign.pk, until=campaign.ends_at)
    takers, members = reception.customer_ids[reception.redemptions > 0], current_segments()
    return [{**line, "took": _n_of(members, line["segment"], takers)} for line in lines]


def _n_of(members: Mapping[str, Any], name: str, takers: Any) -> int | None:
    return int(np.isin(takers, members[name]).sum()) if name in members else None
