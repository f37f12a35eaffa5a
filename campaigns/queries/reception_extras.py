"""What else may be known before a campaign begins: looked up only for a model that looks at it."""

from datetime import datetime

import numpy as np

from campaigns.engine.feature_groups import OFFER, TASTE, TRAIT, Extra
from campaigns.engine.frames import CustomerFrame, FloatArray
from campaigns.models import Campaign, OfferProduct
from campaigns.models.campaigns import CHANNELS
from campaigns.queries.demographics import trait_columns
from campaigns.queries.likeness import bought_by, promoted_by
from campaigns.queries.reception import ALL_KEYS
from campaigns.queries.support import planned_shape

DAYS_A_YEAR = 365.25


def with_extra(
    customers: CustomerFrame,
    extra: Extra,
    *,
    campaign_id: int,
    as_of: datetime,
    audience_id: int | None = None,
    keys: tuple[int, int] = ALL_KEYS,
) -> CustomerFrame:
    """The same customers, asked about as for `reception_features`, with further columns."""
    if not extra.names:
        return customers
    columns: dict[str, FloatArray] = {}
    if extra.tastes is not None:
        bought = bought_by(customers.customer_ids, as_of=as_of, audience_id=audience_id, keys=keys)
        columns[TASTE[0]] = extra.tastes.likeness(bought, promoted_by(campaign_id))
    if set(extra.names) & set(OFFER):
        columns |= {name: np.full(len(customers), value) for name, value in offer_columns(campaign_id).items()}
    columns |= trait_columns(customers.customer_ids, [name for name in extra.names if name.startswith(TRAIT)])
    more = np.column_stack([columns[name] for name in extra.names])
    return CustomerFrame(customers.customer_ids, np.hstack([customers.values, more]), (*customers.names, *extra.names))


def offer_columns(campaign_id: int) -> dict[str, float]:
    """What is said of a campaign as a whole before it begins: its benefit where every offer says one, and the rest."""
    campaign = Campaign.objects.get(pk=campaign_id)
    shape = planned_shape(campaign, 0)
    products = OfferProduct.objects.filter(offer__campaigns=campaign_id)
    year = 2 * np.pi * (campaign.first_day.timetuple().tm_yday - 1) / DAYS_A_YEAR
    columns = {
        "is_percent": float(shape.percent is not None),
        # In hundredths, so that a doubling is the same step on the logarithm however small the benefit.
        "percent_off": 100 * (shape.percent or 0.0),
        "is_amount": float(shape.amount is not None),
        "amount_off": 100 * (shape.amount or 0.0),
        "n_products": float(products.values("product_id").distinct().count()),
        # As the logarithm that models take of every feature undoes.
        "season_sine": float(np.expm1(1 + np.sin(year))),
        "season_cosine": float(np.expm1(1 + np.cos(year))),
    }
    return columns | {f"by_{channel}": float(campaign.channel == channel) for channel in CHANNELS}
