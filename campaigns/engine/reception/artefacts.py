"""Whatever was learnt, out of its artefact: without a learning library."""

from typing import Any

from campaigns.engine.reception.baselines import GlobalRate, LastOfType, TypeRate
from campaigns.engine.reception.boosted_serving import KIND as BOOSTED
from campaigns.engine.reception.boosted_serving import BoostedServing
from campaigns.engine.reception.contract import Arrays, Responder
from campaigns.engine.reception.extras import DemographicsLogistic, LikenessLogistic, OfferLogistic
from campaigns.engine.reception.logistic import RidgeLogistic
from campaigns.engine.reception.network_serving import KIND as NETWORK
from campaigns.engine.reception.network_serving import NetworkServing

LOGISTIC = (RidgeLogistic, LikenessLogistic, OfferLogistic, DemographicsLogistic)
KINDS = (TypeRate, GlobalRate, LastOfType, *LOGISTIC)


def responder_from_artefact(described: dict[str, Any], arrays: Arrays) -> Responder:
    """Rebuild whichever estimator was saved, as it serves.

    Raises
    ------
    ValueError
        When it is none that is known.
    """
    for kind in KINDS:
        if described["estimator"] == kind.__name__:
            return kind.from_artefact(described, arrays)
    if described["estimator"] == BOOSTED:
        return BoostedServing.from_artefact(described, arrays)
    if described["estimator"] == NETWORK:
        return NetworkServing.from_artefact(described, arrays)
    raise ValueError(f"artefact of {described['estimator']}, which is no estimator of reception")
