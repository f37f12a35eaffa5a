"""Ridge logistic regression that looks at more: each has to beat the plain one on campaigns it has not seen."""

from datetime import timedelta

import numpy as np

from campaigns.engine.feature_groups import OFFER, SEASON
from campaigns.engine.frames import BoolArray, ReceptionFrame
from campaigns.engine.reception.logistic import RidgeLogistic

# What is said of a whole campaign has as many values as there were campaigns, however many people they reached.
FEWEST_OFFERS = 100
# What came once with a season may have come for any other reason.
TWO_YEARS = timedelta(days=730)


class LikenessLogistic(RidgeLogistic):
    """Ridge logistic regression that is told how near the offer is to each customer's taste."""


class DemographicsLogistic(RidgeLogistic):
    """Ridge logistic regression that is told what kind of household each customer is, where a shop allows it."""


class OfferLogistic(RidgeLogistic):
    """Ridge logistic regression that hears what is said of a campaign as a whole, once a hundred have been seen.

    Before, those columns have no say, and it is the plain one; the season has none before two years are seen.
    """

    def _heard(self, frame: ReceptionFrame) -> BoolArray:
        silent: tuple[str, ...] = ()
        if frame.n_campaigns < FEWEST_OFFERS:
            silent = OFFER
        elif _span(frame) < TWO_YEARS:
            silent = SEASON
        return ~np.isin(frame.customers.names, silent)


def _span(frame: ReceptionFrame) -> timedelta:
    seen = [frame.campaigns[row] for row in np.unique(frame.campaign_rows).tolist()]
    return max(campaign.ends_at for campaign in seen) - min(campaign.starts_at for campaign in seen)
