"""How past campaigns were received, each customer as known the day before the campaign began."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from campaigns.engine.feature_groups import TASTE, Extra
from campaigns.engine.frames import CustomerFrame, PastCampaign, ReceptionFrame
from campaigns.engine.reasons import FEATURE_NAMES
from campaigns.queries.reception import Reception, campaign_reception, reception_features
from campaigns.queries.reception_extras import with_extra
from campaigns.services.likeness import spaces_before
from loyalty.services.progress import Progress


def reception_history(
    campaigns: Sequence[PastCampaign],
    as_of: datetime,
    report: Progress,
    *,
    share: int = 100,
    extra: tuple[str, ...] = (),
) -> ReceptionFrame:
    """One row for each campaign and customer it was sent to. Tells progress from 0 to `share` percent.

    `extra` are columns wanted besides those that serve always.
    """
    customers, redemptions, first_taken, rows = [], [], [], []
    spaces = spaces_before([campaign.decided_at for campaign in campaigns]) if _needs_tastes(extra) else None
    for row, campaign in enumerate(campaigns):
        report(row * share // len(campaigns), 100, f"Reading past campaign {row + 1} of {len(campaigns)}")
        frame, taken = _sent_to(campaign, as_of, Extra(extra, spaces[row] if spaces else None))
        customers.append(frame)
        redemptions.append(taken.redemptions)
        first_taken.append(taken.first_taken)
        rows.append(np.full(len(frame), row, dtype=np.int64))
    names = (*FEATURE_NAMES, *extra)
    return ReceptionFrame(
        CustomerFrame(
            np.concatenate([frame.customer_ids for frame in customers] or [np.empty(0, np.int64)]),
            np.concatenate([frame.values for frame in customers] or [np.empty((0, len(names)))]),
            names,
        ),
        tuple(campaigns),
        np.concatenate(rows or [np.empty(0, np.int64)]),
        np.concatenate(redemptions or [np.empty(0, np.int64)]),
        np.concatenate(first_taken or [np.empty(0)]),
    )


def _needs_tastes(extra: tuple[str, ...]) -> bool:
    return bool(set(extra) & set(TASTE))


def _sent_to(campaign: PastCampaign, as_of: datetime, extra: Extra) -> tuple[CustomerFrame, Reception]:
    reception = campaign_reception(campaign_id=campaign.campaign_id, until=as_of)
    about: dict[str, Any] = {
        "campaign_id": campaign.campaign_id,
        "audience_id": reception.audience_id,
        "as_of": campaign.decided_at,
    }
    return with_extra(reception_features(**about), extra, **about), reception
