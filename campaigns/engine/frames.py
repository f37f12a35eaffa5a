"""The frames that enter and leave the campaign engine: plain arrays in frozen dataclasses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
DECIDED_BEFORE = timedelta(days=1)


@dataclass(frozen=True)
class CustomerFrame:
    """What was known about each customer before a campaign began.

    Attributes
    ----------
    customer_ids : ndarray of int64, shape (n_customers,)
    values : ndarray of float64, shape (n_customers, n_features)
        Counts, days, money or shares; never negative, never missing.
    names : tuple of str
        One name for each column of `values`.

    Raises
    ------
    ValueError
        When shapes disagree, or a value is negative, missing or infinite.
    """

    customer_ids: IntArray
    values: FloatArray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.customer_ids), len(self.names)):
            raise ValueError(
                f"values has shape {self.values.shape}, expected {(len(self.customer_ids), len(self.names))}"
            )
        if not np.isfinite(self.values).all() or (self.values < 0).any():
            raise ValueError("feature values must be finite and not negative")

    def __len__(self) -> int:
        return len(self.customer_ids)

    def take(self, rows: IntArray | BoolArray) -> "CustomerFrame":
        """Return the frame of `rows`, an index or a mask over customers."""
        return CustomerFrame(self.customer_ids[rows], self.values[rows], self.names)

    def named(self, names: Sequence[str]) -> "CustomerFrame":
        """Return the frame of these columns, in this order.

        Raises
        ------
        ValueError
            When one of them is not there.
        """
        if missing := set(names) - set(self.names):
            raise ValueError(f"there is no column {', '.join(sorted(missing))}")
        columns = [self.names.index(name) for name in names]
        return CustomerFrame(self.customer_ids, self.values[:, columns], tuple(names))


@dataclass(frozen=True)
class PastCampaign:
    """A campaign that was sent.

    Attributes
    ----------
    campaign_id : int
    campaign_type : str
    starts_at, ends_at : datetime
        What was taken at `starts_at <= t < ends_at` was seen; aware.
    planned_end : datetime or None, default=None
        When the offer ends, where the data end before it; None where that is `ends_at`.
    """

    campaign_id: int
    campaign_type: str
    starts_at: datetime
    ends_at: datetime
    planned_end: datetime | None = None

    @property
    def window_days(self) -> float:
        """Length of the window in days."""
        return (self.ends_at - self.starts_at) / timedelta(days=1)

    @property
    def window_seen(self) -> float:
        """Share of the window that was seen, 0 to 1."""
        planned = self.planned_end or self.ends_at
        return (self.ends_at - self.starts_at) / (planned - self.starts_at)

    @property
    def decided_at(self) -> datetime:
        """The day before the start: what a forecast may know ends here."""
        return self.starts_at - DECIDED_BEFORE

    def closed_before(self, moment: datetime) -> bool:
        """Whether everything about this campaign was known just before `moment`."""
        return (self.planned_end or self.ends_at) <= moment


@dataclass(frozen=True)
class ReceptionFrame:
    """Customers and how they received the campaigns they were sent.

    One row for each (campaign, customer); its features are as of the moment before the campaign began.

    Attributes
    ----------
    customers : CustomerFrame
        n_rows rows; a customer appears once for each campaign received.
    campaigns : tuple of PastCampaign
    campaign_rows : ndarray of int64, shape (n_rows,)
        Position in `campaigns`.
    redemptions : ndarray of int64, shape (n_rows,)
        How often the customer redeemed within the campaign's window.
    first_taken : ndarray of float64, shape (n_rows,), or None, default=None
        Share of the window gone, 0 to 1, when the customer first redeemed; 1 for who did not. None: not known.
    """

    customers: CustomerFrame
    campaigns: tuple[PastCampaign, ...]
    campaign_rows: IntArray
    redemptions: IntArray
    first_taken: FloatArray | None = None

    def __post_init__(self) -> None:
        if not len(self.customers) == len(self.campaign_rows) == len(self.redemptions):
            raise ValueError("customers, campaign_rows and redemptions must have one length")

    @property
    def responded(self) -> BoolArray:
        """Whether each row's customer redeemed at least once, shape (n_rows,)."""
        return self.redemptions > 0

    @property
    def types(self) -> npt.NDArray[np.str_]:
        """Campaign type of each row, shape (n_rows,)."""
        return np.array([campaign.campaign_type for campaign in self.campaigns], dtype=np.str_)[self.campaign_rows]

    def only(self, campaign_rows: Sequence[int]) -> "ReceptionFrame":
        """Return the rows of the campaigns at these positions; positions keep their meaning."""
        return self.take(np.isin(self.campaign_rows, np.asarray(campaign_rows, dtype=np.int64)))

    def take(self, rows: IntArray | BoolArray) -> "ReceptionFrame":
        """Return the frame of `rows`, an index or a mask; positions of campaigns keep their meaning."""
        return ReceptionFrame(
            self.customers.take(rows),
            self.campaigns,
            self.campaign_rows[rows],
            self.redemptions[rows],
            None if self.first_taken is None else self.first_taken[rows],
        )

    def named(self, names: Sequence[str]) -> "ReceptionFrame":
        """Return all rows with these columns of their customers, in this order."""
        return replace(self, customers=self.customers.named(names))

    def share_taken_by(self, window_share: float) -> float:
        """Share of those who redeemed that had by this share of the window; 1 where times are not known.

        One more is counted as having come with the clock, so that few people never make it 0 or 1.
        """
        if self.first_taken is None or window_share >= 1:
            return 1.0
        came = self.first_taken[self.responded]
        return float((np.sum(came < window_share) + window_share) / (len(came) + 1))

    def closed_before(self, moment: datetime) -> "ReceptionFrame":
        """Return the rows of campaigns whose window had closed at `moment`."""
        return self.only([row for row, c in enumerate(self.campaigns) if c.closed_before(moment)])

    @property
    def n_campaigns(self) -> int:
        """Number of campaigns with at least one row."""
        return len(np.unique(self.campaign_rows))
